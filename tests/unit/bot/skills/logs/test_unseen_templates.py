"""Lines are grouped as a person would, whatever program wrote them."""

from __future__ import annotations

import random

import pytest

from bot.evaluation.logs_grouping import score
from bot.skills.logs.miner import Miner

N_LINES = 400
# Of each program: its messages. "#" is a number, "@" an identifier, "^" a hardware address,
# "~" a name, "!" an address.
PROGRAMS = {
    "proxy": (
        "[10.30 16:#:06] ~.exe - proxy.corp.example:5070 open through proxy a.b.example:5070 HTTPS",
        "[10.30 16:#:06] ~.exe - ~.example:443 close, # bytes (1.2 KB) sent, # bytes received",
        "[10.30 16:#:06] ~.exe - ~.example:443 error : status code #",
    ),
    "batch": (
        "17/06/09 20:10:40 INFO storage.MemoryStore: Block ~_# stored as values (estimated #.# KB)",
        "17/06/09 20:10:40 INFO executor.Executor: Running task #.0 in stage #.0 (TID #)",
        "17/06/09 20:10:40 INFO executor.Executor: Finished task #.0 in stage #.0. # bytes sent",
        "17/06/09 20:10:40 INFO rdd.Reader: Input split: hdfs://10.0.0.#:9000/~/#.log:#+#",
    ),
    "cloud": (
        '2017-05-16 00:00:10.2 31 INFO api.server [req-@ @ - - -] ! "GET /v2/@/detail" status: 200',
        "2017-05-16 00:00:10.2 31 INFO compute.manager [req-@ @ -] [instance: @] Took #.# seconds",
        "2017-05-16 00:00:10.2 31 INFO compute.claims [req-@ @ -] [instance: @] Total memory: # MB",
        "2017-05-16 00:00:10.2 31 INFO compute.images [req-@ - -] image @ at (/var/lib/@): checking",
    ),
    "phone": (
        "20171223-22:15:29:606|Step_LSC|30002312|onStandStepChanged #",
        "20171223-22:15:29:606|Step_Ext|30002312|calculateCalories total=#",
        "20171223-22:15:29:606|Step_SPUtils|30002312|getTodayTotalDetailSteps = #####",
    ),
    "laptop": (
        "Jul  3 23:10:09 host-10-1-# kernel[0]: en0: BSSID changed to ^",
        "Jul  3 23:10:09 host-10-1-# kernel[0]: en0: channel changed to #,+1",
        "Jul  3 23:10:09 host-10-1-# sandboxd[#] ([#]): ~(#) deny lookup com.example.reporter",
        "Jul  3 23:10:09 host-10-1-# launchd[1]: service ~ stopped by signal SIGTERM(#)",
    ),
    "chinese": (
        "09:10:11 用户~登录成功 编号 #",
        "09:10:11 订单 # 已发送给 ~",
        "09:10:11 缓存已刷新 # 项",
    ),
    "japanese": ("09:10:11 注文 # を受け付けました ~", "09:10:11 ~ に送信しました # 件"),
}
NAMES = ("alpha", "basket", "cedar", "delta", "ember", "fjord", "grove", "harbor")


def _filled(text: str, dice: random.Random) -> str:
    made = {
        "#": lambda: str(dice.randrange(10, 9999)),
        "@": lambda: f"{dice.randrange(16**12):012x}7",
        "^": lambda: ":".join(f"{dice.randrange(256):02x}" for _ in range(6)),
        "~": lambda: dice.choice(NAMES),
        "!": lambda: ".".join(str(dice.randrange(1, 250)) for _ in range(4)),
    }
    return "".join(made[char]() if char in made else char for char in text)


@pytest.mark.parametrize("program", PROGRAMS)
def test_lines_of_one_message_are_one_template(program: str) -> None:
    dice = random.Random(3)  # noqa: S311 - no secret
    labels = [dice.choice(PROGRAMS[program]) for _ in range(N_LINES)]
    text = "\n".join(_filled(label, dice) for label in labels)
    found = [shape.template.root.template_id for shape in Miner().shapes_of(text.encode())]
    assert score(labels, found).fga == 1
