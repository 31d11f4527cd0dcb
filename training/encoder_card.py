"""The card of a trained encoder: what it is, what it was made of, how it was measured and where it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training.corpora import LANGUAGES

_CARD = """---
license: cc-by-sa-4.0
language: [{languages}]
library_name: sentence-transformers
pipeline_tag: sentence-similarity
---

# {name} {version}

A static encoder of short commercial texts: each text, in any of {count} languages, becomes a vector of {dimensions}
numbers such that texts that mean the same lie close together. It pairs buyers' requests with suppliers' profiles
across languages. A text's vector is the sum of the vectors of its pieces, so each similarity splits exactly into shares
of pairs of words, and no accelerator, no network and no deep learning library is needed to use it.

The languages: {languages}. The first ten are measured below, and Darija (ary), which the glossary alone knows.

## Use

```python
from matching.encoder import load_encoder

encoder = load_encoder("data/encoder")
request, profile = encoder.encode(["Bio-Arganöl gesucht", "coopérative, huile d'argan biologique"])
similarity = float(request @ profile)
```

The folder is also a sentence-transformers model: `SentenceTransformer("data/encoder")` gives the same vectors.
`manifest.json` holds the checksums that loading checks, the recipe and every measure.

## Sources

| source | revision | licence |
| --- | --- | --- |
| Open Multilingual Wordnet, github.com/omwn/omw-data | f75be19e | open, one for each wordnet (below) |
| Collaborative Interlingual Index, github.com/globalwordnet/cili | dfc99e15 | CC BY 4.0 |
| Open English WordNet, github.com/globalwordnet/english-wordnet | d94538ad | CC BY 4.0 and the WordNet licence |
| Dictionaries from Wiktionary, github.com/open-dsl-dict/wiktionary-dict | 74c2c11f | CC BY-SA 3.0 |
| Harmonized System, github.com/datasets/harmonized-system | 905e5a0f | ODC PDDL (public domain) |
| `data/glossary`: terms, headings and sentences of the trade, in ten languages | written for Souk | Apache-2.0 |

The wordnets and their licences, as their files state them: Arabic WordNet (AWN v2), sloWNet, Slovak WordNet: CC BY-SA
3.0; Open Dutch WordNet: CC BY-SA 4.0; OpenWN-PT and the lists extracted from Wiktionary: CC BY-SA; Multilingual Central
Repository (Catalan), MultiWordNet (Italian), BulTreeBank Wordnet, Croatian Wordnet, Swedish SALDO: CC BY 3.0;
ItalWordnet: ODC-BY 1.0; WOLF (French): CeCILL-C; Wordnet Bahasa: MIT; Greek Wordnet: Apache-2.0; Chinese Open Wordnet,
DanNet, Norwegian Wordnet, Hebrew Wordnet, plWordNet: the WordNet licence or one like it; Persian Wordnet: free to use;
names of places and languages from CLDR: the Unicode licence. The files themselves are not part of the project.

## Licence

The weights and the tokenizer are CC BY-SA 4.0, because they derive from Wiktionary and other share-alike data. The code
that trains and runs them is Apache-2.0.

## Recipe

- Tokenizer: Unigram, {pieces:,} pieces, learned from texts drawn as the training pairs are. Its file folds case,
  accents, compatibility forms, Arabic letter variants and vowel marks, and traditional Chinese characters; it drops
  punctuation and the Arabic article and splits digits.
- Material: {concepts:,} concepts, {glossary_concepts:,} of them of the trade glossary, and {trade_sentences:,} parallel
  sentences of the trade.
- Pairs: words of one meaning in two languages; a word and its definition or example; phrases of two to six such words
  in an order of their own on each side, with function words between; English sentences glossed word by word;
  descriptions of tariff codes, the headings above them and the names of their goods; parallel sentences of the trade.
  Goods of one chapter and sentences that differ in one point come in one batch. A share carries slips of the pen, split
  words, endings and Arabic prefixes.
- Training: {steps:,} batches of {batch:,} pairs ({pairs:.1f} million), of which no two in a batch share a text nor, as
  words, a concept; symmetric multiple-negatives ranking loss at scale {scale:g}; sparse Adam, rate {rate:g} falling
  linearly to zero after a short rise; seed {seed}.
- Vectors: {dimensions} numbers of 8 bits for each piece and one scale. Pieces of numbers are cut to a tenth of the
  median length, so that "25" does not answer "500".

## Measures

Each number is the share of texts whose translation comes first. "Letters" is the same task by shared runs of two to
four letters, without any training.

### Words never trained on

{held_out} synsets were kept out, with every pair that would give their English words away; each word is sought among
{candidates:,} of the other language. A static encoder can know such a word only by its parts or by its likeness to a
cognate. Where the encoder and shared letters are level, it adds nothing to the likeness of spelling.

{held_out_table}

### Words trained on

As many synsets, drawn from those trained on: what a user sees of the vocabulary.

{trained_table}

### The trade

Rows of the glossary and sentences of the trade were kept out of training in every language, sentences by whole groups
of near misses; dictionaries and other rows may know a row's words. A name is sought among the first names of all
{rows:,} rows of the glossary; any name of its own row counts as found. A sentence is sought among the held-out ones of
the other language, {sentence_count} in all; between all pairs of the ten languages, {between:.3f} find theirs. Darija
is sought in English alone, in Arabic script and in Latin letters.

{trade_table}

### Everyday and trade sentences

{sentences} written for this measure, each in ten languages.
**It is small**: at most {n} sentences of a register, all by one author, so a difference of some points between two
models may be chance.

{sentence_table}

## Limits

- A text is a bag of pieces: word order and negation ("without", "not") hardly change its vector.
- A word with several meanings has one vector.
- Words that the sources lack (brands, new products, dialect) are known only by their parts.
- Long texts blur: the vector is a mean. Encode a profile's lines one by one where they treat of different goods.
- Arabic and Turkish have the thinnest sources; their inflection is only partly covered. Darija is weak in both scripts.
- Quantities hardly count: "25 kg of oil" and "500 kg of oil" have nearly the same vector, on purpose.
- The glossary's rows and sentences are by few authors; other people's trade text will score lower than held-out text.
- The sources carry the views of their authors, and with them whatever is slanted in dictionaries.
"""


def encoder_card(details: Mapping[str, Any]) -> str:
    """The card as Markdown, from a manifest with `recipe` and `measures`.

    measures : `encoder` and `shared_letters`, each as `evaluate_encoder` gives them.
    """
    recipe, measures = details["recipe"], details["measures"]
    encoder, letters = measures["encoder"], measures["shared_letters"]
    return _CARD.format(
        name=details["name"],
        version=details["version"],
        languages=", ".join(LANGUAGES),
        count=len(LANGUAGES),
        dimensions=details["dimensions"],
        pieces=details["pieces"],
        concepts=details["concepts"],
        glossary_concepts=details["glossary_concepts"],
        trade_sentences=details["trade_sentences"],
        steps=recipe["steps"],
        batch=recipe["batch"],
        pairs=recipe["steps"] * recipe["batch"] / 1e6,
        scale=recipe["scale"],
        rate=recipe["learning_rate"],
        seed=recipe["seed"],
        held_out=details["held_out"],
        candidates=details["candidates"],
        held_out_table=_word_table(encoder["held_out_words"], letters["held_out_words"]),
        trained_table=_word_table(encoder["trained_words"], letters["trained_words"]),
        sentences=" and ".join(f"{value['n']} {name} sentences" for name, value in encoder["sentences"].items())
        or "None",
        n=max((value["n"] for value in encoder["sentences"].values()), default=0),
        rows=encoder["trade"]["rows"],
        sentence_count=encoder["trade"]["sentence_count"],
        between=encoder["trade"]["sentences_between_all_languages"],
        trade_table=_trade_table(encoder["trade"], letters["trade"]),
        sentence_table=_sentence_table(encoder["sentences"], letters["sentences"]),
    )


def _word_table(encoder: Mapping[str, Mapping[str, float]], letters: Mapping[str, Mapping[str, float]]) -> str:
    rows = (
        (language, measure["n"], *_directions(measure), *_directions(letters[language]))
        for language, measure in encoder.items()
    )
    return _table(("language", "words", "to English", "from English", "letters, to", "letters, from"), rows)


def _directions(measure: Mapping[str, Any]) -> tuple[Any, Any]:
    return measure["to_english"], measure.get("from_english", "")


def _trade_table(encoder: Mapping[str, Any], letters: Mapping[str, Any]) -> str:
    rows = (
        (kind, language, measure["n"], *_directions(measure), *_directions(letters[kind][language]))
        for kind in ("terms", "headings", "sentences")
        for language, measure in encoder[kind].items()
    )
    heads = ("what", "language", "texts", "to English", "from English", "letters, to", "letters, from")
    return _table(heads, rows)


def _sentence_table(encoder: Mapping[str, Any], letters: Mapping[str, Any]) -> str:
    rows = [
        (name, "all pairs", measure["between_all_languages"], letters[name]["between_all_languages"])
        for name, measure in encoder.items()
    ]
    for name, measure in encoder.items():
        for language, recall in measure["to_english"].items():
            rows.append((name, f"{language} to English", recall, letters[name]["to_english"][language]))
    return _table(("register", "languages", "encoder", "letters"), rows)


def _table(heads: tuple[str, ...], rows: Any) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
