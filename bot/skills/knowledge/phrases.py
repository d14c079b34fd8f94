"""The fixed sentences of an answer, in the language of the question. Pure.

What documents say is quoted as it is written there; only what stands around it is translated.
"""

# ruff: noqa: RUF001 (sentences in other scripts)
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.language import ENGLISH, language_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """What is said around quotations.

    Attributes:
        nothing: That no document answers.
        related: Comes before the titles of the nearest documents.
        quoted: Comes before quotations in another language; empty when it is the asker's own.
        unverified: That passages were found, but nothing of them could be told as the answer.
        lead: Comes before the answer's passages in the plain sentence of a notification.
    """

    nothing: str
    related: str
    quoted: str
    unverified: str
    lead: str


_ENGLISH_PHRASES = Phrases(
    nothing="Nothing in the knowledge base answers this.",
    related="Maybe related",
    quoted="",
    unverified="No sentence could be verified, so read the passages.",
    lead="Found in",
)
_PHRASES: Mapping[str, Phrases] = {
    "en": _ENGLISH_PHRASES,
    "de": Phrases(
        nothing="Nichts in der Wissensdatenbank beantwortet das.",
        related="Vielleicht verwandt",
        quoted="Die Dokumente sagen dazu:",
        unverified="Kein Satz ließ sich belegen, bitte die Fundstellen lesen.",
        lead="Gefunden in",
    ),
    "es": Phrases(
        nothing="Nada en la base de conocimiento responde a esto.",
        related="Quizá relacionado",
        quoted="Los documentos dicen:",
        unverified="No se pudo verificar ninguna frase; conviene leer los pasajes.",
        lead="Encontrado en",
    ),
    "fr": Phrases(
        nothing="Rien dans la base de connaissances ne répond à cette question.",
        related="Peut-être lié",
        quoted="Les documents indiquent :",
        unverified="Aucune phrase n'a pu être vérifiée ; lire les passages.",
        lead="Trouvé dans",
    ),
    "pt": Phrases(
        nothing="Nada na base de conhecimento responde a isto.",
        related="Talvez relacionado",
        quoted="Os documentos dizem:",
        unverified="Nenhuma frase pôde ser verificada; leia as passagens.",
        lead="Encontrado em",
    ),
    "it": Phrases(
        nothing="Nulla nella base di conoscenza risponde a questa domanda.",
        related="Forse correlato",
        quoted="I documenti dicono:",
        unverified="Nessuna frase è verificabile; leggere i passaggi.",
        lead="Trovato in",
    ),
    "zh": Phrases(
        nothing="知识库中没有能回答这个问题的内容。",
        related="可能相关",
        quoted="文档原文如下：",
        unverified="没有句子能得到核实，请阅读下列段落。",
        lead="见于",
    ),
    "ja": Phrases(
        nothing="ナレッジベースにはこの質問への答えがありません。",
        related="関連するかもしれない文書",
        quoted="文書には次のように書かれています：",
        unverified="確認できる文がないため、該当箇所をお読みください。",
        lead="出典",
    ),
    "ko": Phrases(
        nothing="지식 베이스에 이 질문의 답이 없습니다.",
        related="관련 가능성이 있는 문서",
        quoted="문서에는 다음과 같이 적혀 있습니다:",
        unverified="확인된 문장이 없으니 해당 구절을 읽어 주세요.",
        lead="찾은 곳",
    ),
    "ru": Phrases(
        nothing="В базе знаний нет ответа на этот вопрос.",
        related="Возможно, по теме",
        quoted="В документах сказано:",
        unverified="Ни одно предложение не удалось подтвердить, прочитайте фрагменты.",
        lead="Найдено в",
    ),
}


def phrases_for(text: str) -> Phrases:
    """The fixed sentences in the language of a question."""
    return _PHRASES.get(language_of(text), _PHRASES[ENGLISH])
