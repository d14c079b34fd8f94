"""Rules that decide a request by words that leave little doubt, in several languages.

The first rule that fits decides, so the order matters: what only looks like an order ("the command
to restart") stands before orders. A rule that would often be wrong does not belong here; the
examples decide what no rule does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.messages import Intent
from bot.skills.learn.orders import is_learn_order


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern and what it means.

    Attributes:
        name: For logs and tests.
        confidence: How often it is right, in 0..1.
        unless: The rule does not fit where this is found.
    """

    name: str
    intent: Intent
    confidence: float
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None = None

    def fits(self, text: str) -> bool:
        """Whether the rule decides this text."""
        if not self.pattern.search(text):
            return False
        return self.unless is None or not self.unless.search(text)


_ORDERS = (
    r"restart|bounce|reboot|roll ?back|revert|scale|drain|cordon|uncordon|evict|fail ?over|kill|"
    r"terminate|purge|flush|truncate|vacuum|redeploy|deploy|promote|rotate|renew|"
    r"resize|silence|approve|reject|execute|apply|abort|retry|free up|clean up"
)
_POLITE = (
    r"(?:please|pls|plz|now|ok|okay|yes|go ahead and|just|then|"
    r"(?:can|could|would|will) you(?: please)?|i need you to|we need to|let'?s)"
)
_SCHEDULED = (
    r"digest|reminder|remind|daily|weekly|hourly|monthly|nightly|schedul\w*|summary|report|"
    r"recurring|subscri\w+|every|tomorrow|until|once an?|mondays?|tuesdays?|wednesdays?|thursdays?|"
    r"fridays?|weekends?|日报|周报|月报|定时|提醒|摘要|计划任务"
)
_RECURRING = (
    r"every (?:\d+ )?(?:single )?(?:other )?(?:\w+ )?(?:minutes?|hours?|days?|weekdays?|weeks?|"
    r"months?|mornings?|evenings?|nights?|noon|mon|tue|wed|thu|fri|sat|sun)\w*|"
    r"(?:each|daily at|weekly on|hourly) ?(?:morning|day|week|hour|evening)?"
)
_QUESTION = (
    r"^(?:so |and |but |hey |hi )?(?:how|what|where|who|whom|whose|when|which|why|is|are|do|does|"
    r"did|can|could|may|should|must)\b"
)
_ALERT = r"(?:(?:firing|alerting)(?: ?:|\]| ?\d)|triggered ?:|labels:\s|alertname\W)"
_LANGUAGES = (
    r"promql|logql|regex(?:es|p)?|regular expression|one-?liner|jq|awk|sed|crontab|cron "
    r"(?:expression|line|entry|syntax|schedule)|terraform|dockerfile|hcl|manifest|helm values|powershell|jsonpath|"
    r"(?:bash|shell|python|sql|perl|powershell|kubectl|curl|grep|find|psql|rsync|tar|docker) "
    r"(?:script|command|snippet|query|function|line|statement)|yaml|snippet|syntax"
)


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


RULES: tuple[Rule, ...] = (
    Rule(
        "marks of log messages",
        Intent.LOGS,
        0.95,
        _compile(
            r"^(?:please )?(?:(?:list|show)(?: me)?|which|what(?:'s| is| are)?)?(?: the| all| are)* ?"
            r"(?:ignored|known) (?:log )?(?:templates?|messages?|issues?)\b|"
            r"^(?:please )?(?:stop ignoring|un-?ignore|take back|no longer ignore)\b[^\n]*\d\W*$"
        ),
    ),
    Rule("nothing but punctuation", Intent.CHAT, 0.95, _compile(r"^[\W_]*$")),
    Rule(
        "asking about an alert",
        Intent.KNOWLEDGE,
        0.92,
        _compile(
            r"\bwhat (?:does|do|is|are|should|must|can) [^\n]*\b(?:alert|alarm)s?\b[^\n]*"
            r"(?:\bmeans?\b|\babout\b|\?\s*$|:\s*$)|\bwhat (?:does|do) [^\n]*\b(?:alert|alarm)s? mean|"
            r"\bwhat (?:should|do|must|can) (?:i|we) do (?:about|when|if|with|on)\b[^\n]*"
            r"\b(?:alert|alarm|fires|pages)\b|\bhow (?:do|should|must|can) (?:i|we|you) "
            r"(?:handle|treat|react to|respond to|deal with|resolve|fix)\b[^\n]*\b(?:alert|alarm)\b|"
            r"\bwho (?:owns|handles|gets|is responsible for)\b[^\n]*\b(?:alert|alarm)|"
            r"(?:告警|报警)[^\n]*(?:什么意思|怎么处理|谁处理|谁负责|归谁)|アラート[^\n]*(?:意味|対応方法)"
        ),
        _compile(rf"{_LANGUAGES}|runbook for|\b(?:logs?|fired|firing (?:since|now))\b|预案"),
    ),
    Rule(
        "asking about a pasted alert",
        Intent.KNOWLEDGE,
        0.9,
        _compile(
            rf"^[\W_]*{_ALERT}[\s\S]*(?:^|[\n.!] *)(?:so |and |hey |@\w+ )*(?:what (?:does|is|do|"
            r"should)\b|who (?:owns|handles|gets)\b|how (?:do|should|urgent|bad|serious)\b|where )"
            r"[^\n]*\s*$|"
            rf"^[\W_]*{_ALERT}[\s\S]*(?:什么意思|怎么处理|归谁|谁负责|意味)"
        ),
    ),
    Rule(
        "pasted alert",
        Intent.RUNBOOK,
        0.95,
        _compile(rf"^[\W_]*{_ALERT}"),
    ),
    Rule(
        "pasted stack trace",
        Intent.LOGS,
        0.95,
        _compile(r"Traceback \(most recent call last\)|^\s+at [\w.$]+\(|^goroutine \d+ \["),
        _compile(rf"{_LANGUAGES}|runbook|docs?\b"),
    ),
    Rule(
        "pasted log line",
        Intent.LOGS,
        0.9,
        _compile(
            r"^[\s>`\[]*(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
            r"|\d\d:\d\d:\d\d)[^\n]*\b(?:error|warn\w*|fatal|fail\w*|killed|panic|crit\w*|info)\b"
        ),
        _compile(rf"{_LANGUAGES}|runbook|docs?\b"),
    ),
    Rule(
        "greeting or thanks",
        Intent.CHAT,
        0.95,
        _compile(
            r"^(?:hi|hello|hey|yo|good (?:morning|evening|night|afternoon)|thanks?|thank you|thx|ty|"
            r"cheers|bye|ok|okay|cool|great|nice|lol|haha|sorry|never ?mind|hola|gracias|danke|hallo|"
            r"merci|bonjour|你好|您好|谢谢|多谢|再见|早上好|晚安|ありがとう\w*|こんにちは|おはよう\w*)"
            r"(?:[\s,]+(?:there|all|team|bot|opsbot|you|a lot|so much|everyone|again|了|大家|啊|dir))*"
            r"[\W_]*$"
        ),
    ),
    Rule(
        "about the bot",
        Intent.CHAT,
        0.9,
        _compile(
            r"^help\W*$|\bwhat (?:can|do) you do\b|\bwho are you\b|\bare you (?:a |an |there|real|up|"
            r"alive|human|ok)|\bhow are you\b|你是谁|你能(?:做|干)|你会(?:做|干|什么)|^帮助$"
        ),
    ),
    Rule(
        "order not to execute",
        Intent.CODE,
        0.9,
        _compile(
            r"(?:don'?t|do not|without) (?:actually )?(?:run|runn?ing|execut\w+|apply\w*)\b|不要执行|"
            r"别执行|不用执行"
        ),
        _compile(r"\b(?:until|before|unless|till)\b"),
    ),
    Rule(
        "recurring delivery",
        Intent.SCHEDULE,
        0.92,
        _compile(
            rf"\b(?:post|send|give|remind|schedule|run|check|report|summari[sz]e|digest|summary)\b"
            rf".*\b(?:{_RECURRING})|\b(?:{_RECURRING}).*\b(?:post|send|remind|digest|summary|report)\b|"
            r"\bremind (?:me|us|the|@)|(?:每天|每日|每周|每个?月|每小时|每个?工作日|每隔|每晚|每早).*"
            r"(?:发|汇总|提醒|摘要|汇报|报告|检查|推送)|提醒(?:我|我们|大家)|定时(?:任务|发|汇总|推送)"
        ),
        _compile(rf"{_LANGUAGES}|cron|表达式|脚本|sql|promql|policy|polic"),
    ),
    Rule(
        "existing schedule",
        Intent.SCHEDULE,
        0.9,
        _compile(
            r"\b(?:digests?|reminders?|scheduled (?:jobs?|reports?|digests?|tasks?))\b|"
            r"\b(?:pause|resume|stop|cancel|remove|delete|move|skip|mute|unsubscribe|change|shift)\b"
            r"[^.]*\b(?:daily|weekly|hourly|nightly|morning|evening|monthly)\b[^.]*"
            r"\b(?:report|summary|post|update|job|one|check)\b|(?:取消|暂停|恢复|删除|修改|改到).*"
            r"(?:日报|周报|月报|摘要|定时|提醒)|(?:日报|周报|月报|摘要).*(?:改|取消|暂停|停|删|恢复)"
        ),
        _compile(
            rf"{_LANGUAGES}|表达式|脚本|sha-?\d|image digest|policy|"
            r"\blines\b|\blogs\b"
        ),
    ),
    Rule(
        "how to write it",
        Intent.CODE,
        0.9,
        _compile(
            rf"\b(?:{_LANGUAGES})\b|正则|表达式|脚本|(?:sql|promql|查询语句|命令).*怎么写|语法"
        ),
        _compile(
            r"\b(?:docs?|runbook|policy|where|who|which team|logs?|fail(?:s|ed|ing)?|broke\w*|error "
            r"in|run (?:the|this|it)|execute)\b|报错|失败|执行一?下"
        ),
    ),
    Rule(
        "proposal or run",
        Intent.RUNBOOK,
        0.92,
        _compile(
            r"\b(?:approve|reject|cancel|abort|retry|pause|resume|re-?run|dry.?run)\b.*"
            r"\b(?:proposal|run|runbook|step|it|that|this|#?\d+)\b|^\W*(?:approved?|rejected?)\W*$|"
            r"\b(?:proposal|run|runbook run) #?\d+\b|"
            r"(?:批准|驳回|同意执行|拒绝执行)|(?:执行|运行)\s*(?:一下|这个)?.*(?:预案|runbook|手册)|"
            r"\b(?:run|execute|start|use) (?:the )?[\w -]*runbook\b"
        ),
        _compile(
            rf"\b(?:logs?|output|print(?:ed)?|policy)\b|{_QUESTION}.*\b(?:can|may|allowed|need)\b|日志|"
            r"谁(?:可以|能|来)|为什么|流程|规定"
        ),
    ),
    Rule(
        "find a runbook",
        Intent.RUNBOOK,
        0.88,
        _compile(
            r"\b(?:which|what|is there (?:a|any)|any|find|list|show|have) (?:\w+ ){0,3}?"
            r"runbooks?\b|(?:哪个|有没有|哪些).*(?:预案|runbook)"
        ),
        _compile(r"\brunbooks?\b.*\b(?:say|says|said|mean|about|recommend)\b|怎么说|写了什么"),
    ),
    Rule(
        "what documents say",
        Intent.KNOWLEDGE,
        0.92,
        _compile(
            r"\b(?:docs?|documentation|wiki|runbook|handbook|policy|guide|postmortem)s? (?:say|says|said|"
            r"mention|recommend|cover)|\baccording to\b|\bwhat (?:is|are|'s) (?:our|the) (?:policy|"
            r"process|procedure|rule|escalation|sla|slo|rto|rpo)|\bour (?:policy|process|procedure)\b|"
            r"\bwho (?:owns|is responsible|do (?:i|we) (?:page|call|ask|contact))\b|"
            r"\bhow (?:do|should|would|can) (?:we|i|you|one)(?: \w+)? "
            rf"(?:{_ORDERS}|handle|deal|get|request|onboard|escalate|respond|recover|restore|upgrade)\b|"
            r"谁负责|归谁|负责人|流程|规定|文档|手册(?:里|上)|规范|制度|审批要求|"
            r"保留多久|保存多久|在哪(?:里|儿)?(?:看|找|查|存)"
        ),
        _compile(rf"\b(?:{_LANGUAGES})\b|promql|sql|脚本|命令|正则"),
    ),
    Rule(
        "order",
        Intent.RUNBOOK,
        0.9,
        _compile(
            rf"^(?:@?\w+[,:] )?(?:{_POLITE}[, ]+)*(?:{_ORDERS})\s+(?!(?:me|us|a (?:query|regex|script))\b)"
            r"[\w./#@-]+|^(?:请|麻烦|帮我|帮忙|现在|立刻|马上)*(?:把.+)?(?:重启|回滚|扩容|缩容|下线|摘掉|清空|清理|"
            r"杀掉|终止|切换|驱逐|执行|批准|驳回|停掉|禁用|启用)|^把.+(?:重启|回滚|扩|缩|下线|摘|清|杀|切|停|删)"
        ),
        _compile(
            rf"\b(?:{_SCHEDULED})\b|\b(?:{_LANGUAGES})\b|\bhow (?:to|do)\b|日报|周报|定时|提醒|每天|每周|"
            r"命令怎么|怎么|\b(?:conversation|this chat|our talk)\b"
        ),
    ),
    Rule(
        "what is going on",
        Intent.LOGS,
        0.9,
        _compile(
            r"\bwhy (?:is|are|did|does|do|was|were|has|have) .*\b(?:fail\w*|slow\w*|down|crash\w*|"
            r"error\w*|timeout\w*|timing out|5\d\ds?|4\d\ds?|unhealthy|restarting|broken|stuck|lag\w*|"
            r"reject\w*|refus\w*|throwing|die|died|oom\w*|flapping|unavailable|finish)\b|"
            r"\bwhat (?:happened|broke|changed|went wrong|is going on|'?s going on|is wrong)\b|"
            r"\b(?:in|through|at|of|from|check|read|grep|search|tail|analy[sz]e|summari[sz]e) "
            r"(?:the |these |this |that |my |our |attached )?(?:[\w-]+ )?(?:logs?|log ?files?|stack ?trace|"
            r"trace|dump)\b|(?:为什么|为啥|怎么).*(?:失败|报错|超时|慢|挂|崩|异常|错误|不可用|连不上)|"
            r"(?:看|查|分析|总结|统计).*日志|日志.*(?:分析|看看|什么问题|总结|异常)|堆栈"
        ),
        _compile(
            rf"\b(?:{_LANGUAGES})\b|\b(?:docs?|runbook|policy|we use|we require|we need|we have)\b|"
            rf"\b(?:{_RECURRING})|每天|每周|流程|规定|脚本|保存|保留"
        ),
    ),
)


# The knowledge skill's place takes orders to learn a thread; the order is the whole text.
_LEARN = Rule("learn this thread", Intent.KNOWLEDGE, 0.97, re.compile("^"))


def decide(text: str) -> Rule | None:
    """The first rule that fits, or None."""
    text = text.strip()
    if is_learn_order(text):
        return _LEARN
    return next((rule for rule in RULES if rule.fits(text)), None)
