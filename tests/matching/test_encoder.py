from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.encoder import (
    EncoderOptions,
    SentenceTransformerEncoder,
    StaticEncoder,
    TextKind,
    file_checksum,
    load_encoder,
    load_sentence_transformer,
    sum_segments,
)
from matching.errors import InvalidInput, ModelDamaged, ModelMissing

SHIPPED = Path(__file__).parents[2] / "data" / "encoder"
TEXTS = (
    "Bio-Arganöl aus Marokko, 250 kg",
    "huile d'argan biologique",
    "زَيْتُ الأَرْكَان العُضْوِيّ",
    "摩洛哥有机橄榄油供应商",
    "İpek ve ısıtma",
    "",
)


@cache
def load_shipped() -> StaticEncoder:
    encoder = load_encoder(SHIPPED)
    assert isinstance(encoder, StaticEncoder)
    return encoder


@pytest.fixture
def shipped() -> StaticEncoder:
    return load_shipped()


def cosine(encoder: StaticEncoder, first: str, second: str) -> float:
    vectors = encoder.encode([first, second])
    return float(vectors[0] @ vectors[1])


def spans(encoder: StaticEncoder, text: str) -> list[str]:
    tokens = encoder.token_vectors(text)
    return [text[start:end] for start, end in zip(tokens.starts, tokens.ends, strict=True)]


def test_rows_are_unit_float32_of_the_stated_length(shipped: StaticEncoder) -> None:
    vectors = shipped.encode(TEXTS[:5])
    assert vectors.dtype == np.float32
    assert vectors.shape == (5, shipped.dimensions)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_no_texts_give_no_rows(shipped: StaticEncoder) -> None:
    assert shipped.encode([]).shape == (0, shipped.dimensions)


@pytest.mark.parametrize("text", ["", "   ", "—!?… •", "\U0001f600"])
def test_text_without_a_known_piece_is_a_zero_row(shipped: StaticEncoder, text: str) -> None:
    assert not shipped.encode([text]).any()


def test_batch_equals_one_by_one(shipped: StaticEncoder) -> None:
    single = np.concatenate([shipped.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(shipped.encode(TEXTS), single, atol=1e-6)


@given(st.text(max_size=60))
def test_token_vectors_sum_to_a_multiple_of_the_text_vector(text: str) -> None:
    encoder = load_shipped()
    tokens = encoder.token_vectors(text)
    total = tokens.vectors.sum(axis=0)
    assert tokens.exact
    np.testing.assert_allclose(total, encoder.encode([text])[0] * np.linalg.norm(total), atol=1e-3)


@given(st.text(max_size=60))
def test_spans_lie_inside_the_text(text: str) -> None:
    tokens = load_shipped().token_vectors(text)
    assert ((tokens.starts >= 0) & (tokens.starts <= tokens.ends) & (tokens.ends <= len(text))).all()


def test_cosine_splits_over_token_pairs(shipped: StaticEncoder) -> None:
    first, second = (shipped.token_vectors(text).vectors for text in TEXTS[:2])
    lengths = np.linalg.norm(first.sum(axis=0)) * np.linalg.norm(second.sum(axis=0))
    shares = first @ second.T / lengths
    assert shares.sum() == pytest.approx(cosine(shipped, *TEXTS[:2]), abs=1e-5)


def test_spans_of_a_hyphenated_german_text_cover_its_letters(shipped: StaticEncoder) -> None:
    assert "".join(spans(shipped, "Bio-Arganöl")) == "BioArganöl"
    assert spans(shipped, "Bio-Arganöl")[0] == "Bio"


def test_spans_of_arabic_text_with_vowel_marks_leave_out_the_article_only(shipped: StaticEncoder) -> None:
    text = "زَيْتُ الزَّيْتُونِ"
    assert spans(shipped, text)[0].startswith("زَيْت")
    assert "".join(spans(shipped, text)).startswith("زَيْت")
    assert text.index("الز") + len("ال") in shipped.token_vectors(text).starts


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("ＣＯＴＴＯＮ　ｙａｒｎ", "cotton yarn"),
        ("ISITMA İPLİK", "ısıtma iplik"),
        ("Straße", "STRASSE"),
        ("Œufs", "oeufs"),
        ("Crème brûlée", "creme brulee"),
        ("زَيْتُ الزَّيْتُون", "زيت الزيتون"),
        ("أحذية جلدية", "احذيه جلديه"),
        ("جلـــد", "جلد"),
        ("橄欖油貿易", "橄榄油贸易"),
        ("olive-oil", "olive oil"),
        ("« huile »", "huile"),
    ],
)
def test_ways_of_writing_one_text_give_one_vector(shipped: StaticEncoder, written: str, plain: str) -> None:
    np.testing.assert_allclose(shipped.encode([written]), shipped.encode([plain]), atol=1e-6)


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("Bio-Arganöl", "organic argan oil", "leather shoes"),
        ("fournisseur de chaussures en cuir", "نبحث عن أحذية جلدية", "olive oil"),
        ("zeytinyağı üreticisi", "olive oil producer", "cotton yarn"),
        ("棉纱", "Baumwollgarn", "Olivenöl"),
        ("alfombras de lana", "wool carpets", "car parts"),
    ],
)
def test_translation_is_nearer_than_another_trade(shipped: StaticEncoder, text: str, near: str, far: str) -> None:
    assert cosine(shipped, text, near) > cosine(shipped, text, far) + 0.2


def test_function_words_are_lighter_than_words_of_content(shipped: StaticEncoder) -> None:
    tokens = shipped.token_vectors("the oil of the olive")
    lengths = np.linalg.norm(tokens.vectors, axis=1)
    assert max(lengths[0], lengths[2], lengths[3]) < 0.5 * min(lengths[1], lengths[4])


def test_kind_of_text_changes_nothing_for_the_static_encoder(shipped: StaticEncoder) -> None:
    as_request = shipped.encode(TEXTS, kind=TextKind.REQUEST)
    np.testing.assert_array_equal(as_request, shipped.encode(TEXTS, kind=TextKind.PROFILE))


def test_static_encoder_loads_no_torch() -> None:
    script = (
        "import sys; from matching.encoder import load_encoder; "
        f"load_encoder({str(SHIPPED)!r}).encode(['olive oil']); "
        "print(sorted({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_sentence_transformers_loads_the_same_folder_with_the_same_vectors(shipped: StaticEncoder) -> None:
    texts = [text for text in TEXTS if text]
    twin = load_sentence_transformer(SHIPPED)
    np.testing.assert_allclose(twin.encode(texts), shipped.encode(texts), atol=1e-5)


def test_a_static_encoder_can_be_cut_to_its_principal_dimensions(shipped: StaticEncoder) -> None:
    texts = [text for text in TEXTS if text]
    whole, cut = (load_encoder(SHIPPED, EncoderOptions(dimensions=number)) for number in (256, 64))
    vectors = shipped.encode(texts)
    np.testing.assert_allclose(whole.encode(texts) @ whole.encode(texts).T, vectors @ vectors.T, atol=1e-4)
    assert cut.encode(texts).shape == (len(texts), 64)
    np.testing.assert_allclose(np.linalg.norm(cut.encode(texts), axis=1), 1.0, atol=1e-5)
    assert cut.fingerprint == f"{shipped.fingerprint}-64"


def test_more_dimensions_than_a_model_has_are_refused() -> None:
    with pytest.raises(InvalidInput, match="dimensions is 300, expected 1 to 256"):
        load_encoder(SHIPPED, EncoderOptions(dimensions=300))


def test_folder_that_is_not_there_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelMissing, match="nowhere"):
        load_encoder(tmp_path / "nowhere")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "encoder"))


@pytest.mark.parametrize("name", ["tokenizer.json", "model.safetensors"])
def test_changed_file_is_named(copy: Path, name: str) -> None:
    with (copy / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(ModelDamaged, match=name):
        load_encoder(copy)


def test_file_that_the_manifest_names_must_be_there(copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    with pytest.raises(ModelDamaged, match=r"model\.safetensors: no such file"):
        load_encoder(copy)


@pytest.mark.parametrize("text", ["not json", "[]", "{}"])
def test_manifest_without_checksums_is_damaged(copy: Path, text: str) -> None:
    (copy / "manifest.json").write_text(text)
    with pytest.raises(ModelDamaged, match=r"manifest\.json"):
        load_encoder(copy)


def test_fingerprint_follows_the_files(shipped: StaticEncoder, copy: Path) -> None:
    same = load_encoder(copy).fingerprint
    tokenizer = copy / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text() + "\n")
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["sha256"]["tokenizer.json"] = file_checksum(tokenizer)
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert same == shipped.fingerprint
    assert load_encoder(copy).fingerprint != same


def test_empty_segments_sum_to_zero_wherever_they_stand() -> None:
    vectors = np.array([[1.0, 0.0], [0.0, 2.0], [4.0, 4.0]], dtype=np.float32)
    sums = sum_segments(vectors, np.array([0, 1, 2]), np.array([0, 2, 0, 1, 0]))
    np.testing.assert_array_equal(sums, [[0, 0], [1, 2], [0, 0], [4, 4], [0, 0]])


@pytest.fixture(scope="module")
def transformer(tmp_path_factory: pytest.TempPathFactory) -> SentenceTransformerEncoder:
    return load_sentence_transformer(
        _write_tiny_transformer(tmp_path_factory.mktemp("tiny")),
        EncoderOptions(prompts={TextKind.REQUEST: "query: "}, batch_size=2),
    )


def _write_tiny_transformer(folder: Path) -> Path:
    """A random one-layer BERT over letters, mean-pooled, in the sentence-transformers layout."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from transformers import BertConfig, BertModel, BertTokenizer

    letters = "abcdefghijklmnopqrstuvwxyz:"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    (folder / "vocab.txt").write_text("\n".join(pieces))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(pieces), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    BertModel(config).save_pretrained(folder / "bert")
    BertTokenizer(vocab=str(folder / "vocab.txt")).save_pretrained(folder / "bert")
    module = Transformer(str(folder / "bert"))
    model = SentenceTransformer(modules=[module, Pooling(16)], device="cpu")
    model.save(str(folder / "model"), create_model_card=False)
    return folder / "model"


def test_transformer_rows_are_unit_float32(transformer: SentenceTransformerEncoder) -> None:
    vectors = transformer.encode(["olive oil", "argan", "soap"])
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, transformer.dimensions) == (3, 16)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_transformer_prompt_is_written_before_texts_of_its_kind(transformer: SentenceTransformerEncoder) -> None:
    asked = transformer.encode(["oil"], kind=TextKind.REQUEST)
    np.testing.assert_allclose(asked, transformer.encode(["query: oil"]), atol=1e-5)


def test_transformer_tokens_have_places_in_the_text_without_the_prompt(
    transformer: SentenceTransformerEncoder,
) -> None:
    for kind in TextKind:
        tokens = transformer.token_vectors("an oil", kind=kind)
        assert [("an oil")[start:end] for start, end in zip(tokens.starts, tokens.ends, strict=True)] == [*"anoil"]
        assert tokens.vectors.shape == (5, 16)
        assert not tokens.exact


def test_a_transformer_can_be_cut_and_prompted_and_then_has_another_fingerprint(
    tmp_path: Path, transformer: SentenceTransformerEncoder
) -> None:
    folder = _write_tiny_transformer(tmp_path)
    plain, cut = load_sentence_transformer(folder), load_sentence_transformer(folder, EncoderOptions(dimensions=4))
    assert cut.encode(["oil"]).shape == (1, 4)
    assert cut.token_vectors("oil").vectors.shape == (3, 4)
    assert len({plain.fingerprint, cut.fingerprint, transformer.fingerprint}) == 3


def test_a_back_end_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="by openvino"):
        load_encoder(_write_tiny_transformer(tmp_path), EncoderOptions(backend="openvino"))


def test_transformers_of_other_weights_have_other_fingerprints(
    transformer: SentenceTransformerEncoder, shipped: StaticEncoder
) -> None:
    assert len({transformer.fingerprint, shipped.fingerprint}) == 2
