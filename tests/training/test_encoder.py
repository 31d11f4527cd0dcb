from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tokenizers import Tokenizer

from data.trade_glossary import LANGUAGES, Entry, TradeSentence
from matching.encoder import load_encoder
from training.corpora import Concept
from training.encoder import (
    NUMBER_NORM,
    Material,
    Progress,
    Recipe,
    finish_encoder,
    learn_tokenizer,
    train_encoder,
    train_vectors,
    with_light_numbers,
    without_unknown,
)
from training.encoder_evaluation import Split
from training.phrases import PairSource
from training.tokenizer import UNKNOWN
from training.trade_evaluation import HeldOutTrade

WORDS = (
    ("oil", "huile", "زيت", "油"),
    ("olive", "olivier", "زيتون", "橄榄"),
    ("soap", "savon", "صابون", "肥皂"),
    ("wool", "laine", "صوف", "羊毛"),
    ("carpet", "tapis", "سجادة", "地毯"),
    ("fish", "poisson", "سمك", "鱼"),
    ("shoe", "chaussure", "حذاء", "鞋"),
    ("bottle", "bouteille", "قارورة", "瓶子"),
)
RECIPE = Recipe(steps=60, batch=6, learning_rate=0.05, pieces=300, tokenizer_pairs=600)


def concepts() -> list[Concept]:
    meanings = [
        Concept(
            f"{number:08}-n",
            dict(zip(("en", "fr", "ar", "zh"), [(word,) for word in words], strict=True)),
            {"en": (f"made of {words[0]}",)},
        )
        for number, words in enumerate(WORDS)
    ]
    tariffs = [Concept(f"hs:{n}", {"en": (f"{a[0]} {b[0]}",)}, {"en": (a[0],)}) for n, (a, b) in enumerate(PAIRS)]
    return [*meanings, *tariffs]


PAIRS = tuple(pairwise(WORDS))


SENTENCES = (
    TradeSentence("1", None, {"en": "we buy olive oil", "fr": "nous achetons huile olive"}),
    TradeSentence("2", None, {"en": "we buy 25 soap", "fr": "nous achetons 25 savon"}),
)


def material() -> Material:
    entry = Entry("soap", "3401", dict.fromkeys(LANGUAGES, ("soap",)), {})
    split = Split(concepts(), concepts()[:1], concepts()[1:3])
    return Material(split, SENTENCES[:1], HeldOutTrade([entry], [entry], SENTENCES[1:]), {})


@pytest.fixture(scope="module")
def source() -> PairSource:
    return PairSource(concepts(), SENTENCES)


@pytest.fixture(scope="module")
def tokenizer(source: PairSource) -> Tokenizer:
    return learn_tokenizer(source, {}, RECIPE)


@pytest.fixture(scope="module")
def vectors(tokenizer: Tokenizer, source: PairSource) -> NDArray[np.float32]:
    return train_vectors(tokenizer, source, RECIPE)


@pytest.fixture(scope="module")
def folder(tokenizer: Tokenizer, vectors: NDArray[np.float32], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trained") / "encoder"
    finish_encoder(out, tokenizer, vectors, material(), recipe=RECIPE)
    return out


def test_trained_words_find_their_translations(folder: Path) -> None:
    encoder = load_encoder(folder)
    english, french = (encoder.encode([words[place] for words in WORDS]) for place in (0, 1))
    assert ((french @ english.T).argmax(axis=1) == np.arange(len(WORDS))).mean() >= 0.75


def test_training_follows_its_seed(tokenizer: Tokenizer, source: PairSource, vectors: NDArray[np.float32]) -> None:
    np.testing.assert_allclose(train_vectors(tokenizer, source, RECIPE), vectors, atol=1e-3)


def stop_at(step: int) -> Progress:
    def report(done: int, _: int) -> None:
        if done == step:
            raise KeyboardInterrupt

    return report


def test_training_goes_on_from_its_checkpoint_as_if_never_interrupted(
    tokenizer: Tokenizer, source: PairSource, vectors: NDArray[np.float32], tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        train_vectors(tokenizer, source, RECIPE, work=tmp_path, save_every=20, progress=stop_at(47))
    seen: list[int] = []
    resumed = train_vectors(
        tokenizer, source, RECIPE, work=tmp_path, save_every=20, progress=lambda done, _: seen.append(done)
    )
    assert seen == list(range(41, 61))
    np.testing.assert_allclose(resumed, vectors, atol=1e-3)


def write(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    folder = tmp_path / "corpora"
    numbered = [(f"{number:08}-n", words) for number, words in enumerate(WORDS, start=99_000_000)]
    for code, place in (("fra", 1), ("arb", 2), ("cmn", 3)):
        rows = [f"{offset}\t{code}:lemma\t{words[place]}" for offset, words in numbered]
        write(folder / f"omw/wns/{code}/wn-data-{code}.tab", rows)
    write(folder / "cili/ili-map-pwn30.tab", [f"i{offset}\t{offset}" for offset, _ in numbered])
    synsets = [
        f"{offset}:\n  definition:\n  - made of {words[0]}\n  ili: i{offset}\n  members:\n  - {words[0]}"
        for offset, words in numbered
    ]
    write(folder / "oewn/noun.all.yaml", synsets)
    write(folder / "wiktionary/en-de-enwiktionary.txt", ["oil {n} (fat) :: Öl {n}", "soap {n} (to wash) :: Seife {f}"])
    header = "section,hscode,description,parent,level"
    write(folder / "hs/harmonized-system.csv", [header, "III,15,fats and oils,TOTAL,2", "III,1509,olive oil,15,4"])
    return folder


@pytest.fixture
def glossary(tmp_path: Path) -> Path:
    folder = tmp_path / "glossary"
    languages = ",".join(LANGUAGES)
    names = [",".join(f"{good} {language}" for language in LANGUAGES) for good in ("olive oil", "wool carpet")]
    write(folder / "headings.csv", [f"hs,{languages},variants", f"1509,{names[0]},ary:zit"])
    write(folder / "terms.csv", [f"term,sector,hs,{languages},variants", f"wool-carpet,rugs,5701,{names[1]},"])
    rows = [{"id": row.key, "contrast": "", "texts": dict(row.texts)} for row in SENTENCES]
    write(folder / "sentences.jsonl", [json.dumps(row) for row in rows])
    return folder


def test_broken_off_training_is_taken_up_by_the_same_call(corpora: Path, glossary: Path, tmp_path: Path) -> None:
    recipe, work, out = Recipe(steps=8, batch=2, pieces=200, tokenizer_pairs=200), tmp_path / "work", tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        train_encoder(corpora, out, recipe=recipe, glossary=glossary, work=work, progress=stop_at(5))
    pieces = (work / "tokenizer.json").read_bytes()
    train_encoder(corpora, out, recipe=recipe, glossary=glossary, work=work)
    assert (work / "tokenizer.json").read_bytes() == pieces
    assert load_encoder(out).encode(["oil"]).any()


def test_what_another_recipe_left_is_removed(corpora: Path, glossary: Path, tmp_path: Path) -> None:
    recipe, work = Recipe(steps=2, batch=2, pieces=200, tokenizer_pairs=200), tmp_path / "work"
    write(work / "recipe.json", ["{}"])
    write(work / "tokenizer.json", ["of another recipe"])
    train_encoder(corpora, tmp_path / "out", recipe=recipe, glossary=glossary, work=work)
    assert json.loads((work / "recipe.json").read_text())["steps"] == 2
    assert Tokenizer.from_file(str(work / "tokenizer.json")).get_vocab_size() > 1


def test_progress_counts_every_step(tokenizer: Tokenizer, source: PairSource) -> None:
    seen: list[tuple[int, int]] = []
    recipe = Recipe(steps=3, batch=4, pieces=300)
    train_vectors(tokenizer, source, recipe, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_manifest_states_recipe_and_measures(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["recipe"]["steps"] == 60
    assert manifest["measures"]["encoder"]["trained_words"]["fr"]["n"] == 2
    assert set(manifest["sha256"]) == {"tokenizer.json", "model.safetensors"}


def test_card_states_recipe_licence_and_measures(folder: Path) -> None:
    card = (folder / "README.md").read_text()
    assert "license: cc-by-sa-4.0" in card
    assert "60 batches of 6 pairs" in card
    assert "| fr | 2 |" in card
    assert "| terms | fr | 1 |" in card


def test_unknown_piece_weighs_nothing(tokenizer: Tokenizer) -> None:
    ones = np.ones((tokenizer.get_vocab_size(), 2), dtype=np.float32)
    kept = without_unknown(tokenizer, ones)
    assert not kept[tokenizer.token_to_id(UNKNOWN)].any()
    assert kept.sum() == 2 * (tokenizer.get_vocab_size() - 1)
    assert ones.all()


def test_pieces_of_numbers_get_a_tenth_of_the_median_length(tokenizer: Tokenizer) -> None:
    rows = np.full((tokenizer.get_vocab_size(), 4), 2.0, dtype=np.float32)  # each of length 4
    light = with_light_numbers(tokenizer, rows)
    numbers = [place for piece, place in tokenizer.get_vocab().items() if piece.isnumeric()]
    assert numbers
    np.testing.assert_allclose(np.linalg.norm(light[numbers], axis=1), NUMBER_NORM * 4.0, rtol=1e-5)
    assert (np.delete(light, numbers, axis=0) == 2.0).all()
    assert (rows == 2.0).all()
