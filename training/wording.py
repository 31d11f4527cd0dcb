"""Wording of each language: the words and endings that training texts are composed with, and slips of the pen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import Random

NOISE_SHARE = 0.2
HURRIED_SHARE = 0.4
UNSPACED = frozenset({"zh", "ja"})

# Words that a firm's profile or a buyer's request is made of, whatever the goods.
_TRADE_WORDS = """
supplier manufacturer producer factory workshop cooperative company firm exporter importer wholesaler
retailer distributor buyer customer order delivery shipment freight container port price offer quotation
sample catalogue quality certificate certified organic biological natural fair handmade artisan craft
traditional sustainable recycled wholesale retail export import production capacity packaging bottle jar box
bag pallet bulk brand label minimum quantity month week year deadline payment market hotel restaurant shop
supermarket pharmacy cosmetic perfume soap oil olive argan fish sardine tuna date almond saffron spice herb
tea honey fruit vegetable citrus orange tomato wine textile fabric yarn thread cotton wool linen silk
leather garment clothing shirt trousers dress shoe bag carpet rug pottery ceramic tile wood furniture lamp
jewellery copper brass stone marble glass paper metal steel plastic machine engine electric cable battery
solar panel valve pump tool car part rubber chemical fertilizer medicine medical toy kitchen bathroom bed
towel curtain blanket embroidery weaving dyeing printing cold pressed roasted frozen dried fresh canned
virgin raw white black red green blue small large cheap
"""
TRADE_WORDS = frozenset(_TRADE_WORDS.split())

FUNCTION_WORDS: Mapping[str, tuple[str, ...]] = {
    language: tuple(words.split())
    for language, words in {
        "en": "the a of and to in for with is are we our you your from by on at or as be it this that which all",
        "fr": "le la les de des du et à en pour avec est sont nous nos notre vous votre par sur ou un une dans qui que",
        "de": "der die das und in für mit ist sind wir unsere uns sie ihr von zu auf oder ein eine einen im den dem",
        "es": "el la los las de del y en para con es son somos nuestro nuestra su por o un una que se al desde como",
        "ar": "في من على إلى عن مع و أو هذا هذه التي الذي نحن لدينا كل ما لا كما بعد قبل بين هو هي لنا",
        "zh": "的 是 和 在 我们 您 与 及 从 为 了 有 或 一 这 那 对 等 也 可 将 以 于 本 该",
        "tr": "ve bir bu için ile olarak da de olan biz bizim siz en çok daha her veya gibi kadar sonra ki ya o",
        "it": "il lo la i gli le di del della e in per con è sono noi nostro nostra da su o un una che si al dal",
        "pt": "o a os as de do da e em para com é são nós nosso nossa por ou um uma que se ao no na dos das",
        "nl": "de het een en in voor met is zijn wij onze ons u uw van te op of die dat door aan bij uit naar",
        "ru": "и в на с для из по от мы наш наша или это что как к о у же не все",
        "pl": "i w na z dla od do nasz nasza jest są lub to że jak oraz po przez nie się",
        "ary": "ديال د ف فال من على ل مع و ولا هاد اللي حنا ديالنا عندنا dyal d f men 3la m3a w wla had lli hna dyalna",
    }.items()
}
ENGLISH_FUNCTION_WORDS = frozenset(FUNCTION_WORDS["en"])
ENDINGS: Mapping[str, tuple[str, ...]] = {
    "en": ("s",),
    "fr": ("s",),
    "es": ("s", "es"),
    "pt": ("s",),
    "de": ("e", "en", "n", "s", "er"),
    "nl": ("en", "s"),
    "tr": ("lar", "ler", "ı", "i", "lı", "li", "da", "de", "ları", "leri", "dan", "den", "ın", "in", "cı", "ci", "yiz"),
}
BEGINNINGS: Mapping[str, tuple[str, ...]] = {"ar": ("ال", "و", "وال", "ب", "بال", "ل", "لل")}
UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue"}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def disturbed(text: str, language: str, random: Random) -> str:
    """The text as people type it: now and then a slip in one word or, in a hurry, in each, or umlauts written out."""
    if random.random() >= NOISE_SHARE or language in UNSPACED:
        return text
    if language == "de" and random.random() < 0.5:
        return "".join(UMLAUTS.get(letter, letter) for letter in text)
    words = text.split(" ")
    slipping = range(len(words)) if random.random() < HURRIED_SHARE else [random.randrange(len(words))]
    for place in slipping:
        if len(words[place]) > 4:
            words[place] = random.choice(SLIPS)(words[place], random)
    return " ".join(words)


def _with_replaced(word: str, random: Random, *, width: int, filling: Callable[[str, Random], str]) -> str:
    start = random.randrange(1, len(word) - width)
    return word[:start] + filling(word[start : start + width], random) + word[start + width :]


# A split word trains the pieces that other compounds share.
SLIPS: Sequence[Callable[[str, Random], str]] = (
    partial(_with_replaced, width=2, filling=lambda letters, _: letters[::-1]),
    partial(_with_replaced, width=1, filling=lambda _, __: ""),
    partial(_with_replaced, width=1, filling=lambda letters, _: letters * 2),
    partial(_with_replaced, width=1, filling=lambda _, random: random.choice(_LETTERS)),
    partial(_with_replaced, width=1, filling=lambda letters, _: letters + " "),
    partial(_with_replaced, width=1, filling=lambda letters, _: letters + " "),
)
