"""Files of analogy questions, in the forms in which they are passed around, and damaged."""

from __future__ import annotations

import gzip

import pytest

from coterie.errors import FormatError
from coterie.evaluation import AnalogyQuestion, read_analogies
from coterie.evaluation.set_files import find_set

ROYALS = AnalogyQuestion("man", "king", "woman", ("queen",))


def told(questions):
    return [(section.name, section.kind, len(section.questions)) for section in questions.sections]


def test_googles_form(tmp_path):
    path = tmp_path / "questions.txt"
    text = ": family\nman king woman queen\n\nman boy woman girl \n: gram1-past\n go went see saw\n: none\n"
    path.write_text("\ufeff" + text, encoding="utf-8")
    questions = read_analogies(path)
    assert told(questions) == [
        ("family", "semantic", 2),
        ("gram1-past", "syntactic", 1),
        ("none", "semantic", 0),
    ]
    assert (questions.name, len(questions)) == ("questions.txt", 3)
    assert next(iter(questions)) == ROYALS
    with gzip.open(tmp_path / "questions.txt.gz", "wt", encoding="utf-8") as file:
        file.write(text)
    assert read_analogies(tmp_path / "questions.txt.gz").sections == questions.sections


def test_word_pairs_have_one_number_everywhere(tmp_path):
    path = tmp_path / "questions.txt"
    path.write_text(": a\nman king woman queen\nwoman queen man king\n: b\nox cow man king\n")
    assert [pairs.tolist() for pairs in read_analogies(path).word_pairs] == [[[0, 1], [1, 0]], [[2, 0]]]


def test_msrs_form(tmp_path):
    path = tmp_path / "msr.txt"
    path.write_text("good better rough rougher\ngo goes see sees\n")
    assert told(read_analogies(path)) == [("msr", None, 2)]
    path.write_text("good better rough JJ_JJR rougher\ngo goes see VB_VBZ sees\nold older new JJ_JJR newer\n")
    tagged = read_analogies(path)
    assert told(tagged) == [("JJ_JJR", "syntactic", 2), ("VB_VBZ", "syntactic", 1)]
    (tmp_path / "w.questions").write_text("good better rough\ngo goes see\nold older new\n")
    (tmp_path / "w.answers").write_text("JJ_JJR rougher\nVB_VBZ sees\nJJ_JJR newer\n")
    assert read_analogies(tmp_path / "w.questions").sections == tagged.sections
    (tmp_path / "w.answers").write_text("JJ_JJR rougher\n")
    with pytest.raises(FormatError, match=r"3 questions, but w\.answers 1 answers"):
        read_analogies(tmp_path / "w.questions")


def test_batss_form(tmp_path):
    files = {
        "1_Inflectional_morphology/I01 plural.txt": "car\tcars\nox\toxen/oxes\nman\tmen\n",
        "3_Encyclopedic_semantics/E01 capital.txt": "paris\tfrance\nbern switzerland/swiss\n",
        "other/O01.txt": "a\tb\nc\td\n",
        ".hidden/I01.txt": "nonsense",
    }
    for name, text in files.items():
        path = tmp_path / "BATS" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    questions = read_analogies(tmp_path / "BATS")
    assert told(questions) == [
        ("I01 plural", "syntactic", 6),
        ("E01 capital", "semantic", 2),
        ("O01", None, 2),
    ]
    asked = questions.sections[0].questions
    assert asked[0] == AnalogyQuestion("car", "cars", "ox", ("oxen", "oxes"))
    assert asked[2] == AnalogyQuestion("ox", "oxen", "car", ("cars",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no questions"),
        (": empty\n", "holds no questions"),
        (": family\n\nman king woman\n", "line 3: expected four words, found 3 in 'man king woman'"),
        (": family\na b c d e\n", "line 2: expected four words, found 5"),
        ("a b c d\n: late\na b c d\n", "line 1: a question before the first section"),
        ("a b c d\na b c\n", "line 2: expected four words, found 3"),
        ("a b c tag d e\n", "line 1: expected four words, found 6"),
    ],
)
def test_a_damaged_file_is_an_error_with_its_place(tmp_path, text, message):
    path = tmp_path / "questions.txt"
    path.write_text(text)
    with pytest.raises(FormatError, match=message) as caught:
        read_analogies(path)
    assert "questions.txt" in str(caught.value)


def test_other_bytes_than_utf8(tmp_path):
    path = tmp_path / "questions.txt"
    path.write_bytes(b": family\nM\xfcnchen king woman queen\n")
    with pytest.raises(FormatError, match="line 2: not UTF-8 \\(byte 0xfc\\)"):
        read_analogies(path)


@pytest.mark.parametrize(
    ("text", "where"), [("car\n", "line 1"), ("a\tb\nc\t/\n", "line 2"), ("a\tb\tc", "line 1")]
)
def test_a_damaged_folder_is_an_error_with_its_place(tmp_path, text, where):
    (tmp_path / "I01.txt").write_text(text)
    with pytest.raises(FormatError, match=f"I01.txt, {where}: expected a word, a tab and its answers"):
        read_analogies(tmp_path)
    (tmp_path / "I01.txt").write_text("one\tones\n")
    with pytest.raises(FormatError, match="holds no questions; the BATS form"):
        read_analogies(tmp_path)


def test_a_missing_file_gets_its_neighbours(tmp_path):
    (tmp_path / "questions.txt").write_text("x")
    with pytest.raises(FormatError, match=r"does not exist.*questions\.txt"):
        read_analogies(tmp_path / "question.txt")


def test_the_sets_of_an_installed_gensim():
    pytest.importorskip("gensim")
    questions = read_analogies("gensim:questions-words.txt")
    assert (len(questions), len(questions.sections)) == (19544, 14)


def test_gensim_is_not_needed(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(FormatError, match="gensim is not installed"):
        find_set("gensim:questions-words.txt")
