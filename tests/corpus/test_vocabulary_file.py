import pytest

from coterie.corpus import read_vocabulary_file
from coterie.errors import FormatError


def test_words_with_and_without_counts(tmp_path):
    path = tmp_path / "words.txt"
    path.write_bytes("\ufeffthe\ncat 12\r\n\nNew York\t3\n#\n</s> 1\nthe\n".encode())
    assert read_vocabulary_file(path) == ["the", "cat", "New York", "#", "</s>"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"fine\nNew York\n", "words.txt, line 2: 'New York'; expected a word, or a word and its count"),
        (b"a 1 2\n", "line 1: 'a 1 2'"),
        (b"a\tb\n", "line 1"),
        (b"fine\n\xff\n", "words.txt, line 2: not UTF-8"),
        (b"\n \n", "words.txt: no words in it"),
        (b"", "words.txt: no words in it"),
    ],
)
def test_faults_are_told_with_their_line(tmp_path, content, message):
    (tmp_path / "words.txt").write_bytes(content)
    with pytest.raises(FormatError, match=message):
        read_vocabulary_file(tmp_path / "words.txt")


def test_a_missing_file(tmp_path):
    with pytest.raises(FormatError, match="no such file"):
        read_vocabulary_file(tmp_path / "words.txt")
