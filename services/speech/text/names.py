"""Chinese names of people, told by a surname in front and a title or a verb of speech behind.

Without a dictionary not every name is found, but hardly anything that is found is no name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁沈姚卢傅钟姜崔谭廖"
    "范汪陆贾韦夏邱侯邹熊孟秦江阎薛尹段雷黎史龙陶贺顾毛郝龚邵钱戴严莫孔汤温康施牛樊葛邢安齐庞颜倪庄聂章鲁岳翟殷詹申"
)
_DOUBLE_SURNAMES = "欧阳|司马|诸葛|上官|东方|皇甫|尉迟|公孙|慕容|令狐|夏侯|端木|南宫|独孤"
_TITLES = (
    "先生|女士|小姐|老师|教授|博士|院士|校长|医生|主任|经理|总监|董事长|总裁|"
    "书记|部长|局长|市长|记者|律师|同学|师傅|导演|编辑"
)
_SPEECH = "说道|表示|认为|指出|介绍|告诉|强调|透露|坦言|回忆|解释|宣布|补充|回应|提醒|建议|回答"
_NAMES = re.compile(
    rf"(?P<name>(?:{_DOUBLE_SURNAMES}|[{_SURNAMES}])[\u4e00-\u9fff]{{1,2}}?)(?={_TITLES}|{_SPEECH}|说[，：,:])"
)
# Words of a text that begin with what is a surname elsewhere.
_WORDS = re.compile(
    r"马上|安全|安排|温暖|温馨|夏天|秦朝|唐朝|宋代|明显|严格|严肃|康复|高级|高兴|"
    r"黄色|周末|周边|周围|周年|周一|周二|周三|周四|周五|周日|程序|程度|许多|许可|"
    r"曾经|余下|段落|江南|江边|史料|史上|毛病|安心|安静|章程|申请|施工|顾客|顾问|"
    r"林业|田野|陆续|雷达|安装|齐全|龙头|汤圆|莫非|莫名|贺信|于是|毛利|戴着|顾虑|"
    r"严重|严厉|安慰|安稳|陶瓷|钱包|马路|牛奶|温度|温和|申报|申明|章节"
)


def name_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where such names stand, without the titles."""
    for match in _NAMES.finditer(text):
        if _WORDS.fullmatch(match.group("name")) is None:
            yield match.span("name")
