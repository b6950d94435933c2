"""Random words by hashing: no bias and no correlation that many samples would show."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gnnjax.ops import hashed_words

ROWS, WORDS = 2**15, 4
SIGMAS = 5.5  # Of some thousands of comparisons none is further out than that by chance.


def bits(words):
    """`[..., 32]` of -1 and 1."""
    return (np.asarray(words)[..., None] >> np.arange(32, dtype=np.uint32) & 1).astype(np.float64) * 2 - 1


def draw(key=0, rows=ROWS, words=WORDS):
    return hashed_words(jax.random.key(key) if isinstance(key, int) else key, jnp.arange(rows), words)


def assert_uncorrelated(first, second):
    """All pairs of columns."""
    correlation = first.T @ second / len(first)
    assert np.abs(correlation).max() < SIGMAS / np.sqrt(len(first))


@pytest.mark.parametrize("seed", [0, 1, 12345])
def test_each_bit_is_fair_and_bits_of_a_word_are_independent(seed):
    sample = bits(draw(seed)).reshape(-1, 32)
    assert np.abs(sample.mean(axis=0)).max() < SIGMAS / np.sqrt(len(sample))
    products = sample.T @ sample / len(sample)
    np.fill_diagonal(products, 0)
    assert np.abs(products).max() < SIGMAS / np.sqrt(len(sample))


@pytest.mark.parametrize("lag", [1, 2, 3, 7, 64, 4096])
def test_words_at_any_distance_are_independent(lag):
    sample = bits(draw()).reshape(-1, 32)
    assert_uncorrelated(sample[:-lag], sample[lag:])


def test_triples_of_bits_are_independent():
    sample = bits(draw()).reshape(-1, 32)
    triples = [np.prod(sample[:, list(chosen)], axis=1).mean() for chosen in itertools.combinations(range(0, 32, 3), 3)]
    assert np.abs(triples).max() < SIGMAS / np.sqrt(len(sample))


def test_draws_of_related_keys_are_independent():
    base = jax.random.key(3)
    raw = [jax.random.wrap_key_data(jnp.array(data, jnp.uint32)) for data in ([0, 0], [0, 1], [1, 0], [0, 2**31])]
    keys = [base, *jax.random.split(base, 4), *raw]
    samples = [bits(draw(key)).reshape(-1, 32) for key in keys]
    for first, second in itertools.combinations(samples, 2):
        assert_uncorrelated(first, second)


def test_each_bit_of_the_key_changes_half_of_the_bits():
    data = np.array([0x12345678, 0x9ABCDEF0], np.uint32)
    before = bits(draw(jax.random.wrap_key_data(jnp.asarray(data)), rows=1000))
    for position in range(64):
        changed = data.copy()
        changed[position // 32] ^= np.uint32(1) << np.uint32(position % 32)
        after = bits(draw(jax.random.wrap_key_data(jnp.asarray(changed)), rows=1000))
        assert abs((before != after).mean() - 0.5) < SIGMAS / 2 / np.sqrt(before.size)


def test_halves_of_words_are_uniform():
    """Chi-squared of the 16-bit lanes that dropout compares with its rate, in 256 bins of high and of low bits."""
    words = np.asarray(draw(7, rows=2**17)).ravel()
    for lane in (words & 0xFFFF, words >> 16):
        for values in (lane >> 8, lane & 0xFF):
            counts = np.bincount(values, minlength=256)
            expected = len(words) / 256
            chi_squared = ((counts - expected) ** 2 / expected).sum()
            assert abs(chi_squared - 255) < SIGMAS * np.sqrt(2 * 255)


def test_words_of_a_draw_differ_and_rows_stand_for_themselves():
    whole = np.asarray(draw())
    assert len(np.unique(whole)) == whole.size
    rows = np.array([5, 30_000, 0])
    np.testing.assert_array_equal(hashed_words(jax.random.key(0), rows, WORDS), whole[rows])


@pytest.mark.parametrize("generator", ["threefry2x32", "rbg"])
def test_jit_and_vmap_and_generators(generator):
    keys = jax.random.split(jax.random.key(1, impl=generator), 3)
    mapped = jax.jit(jax.vmap(lambda key: hashed_words(key, jnp.arange(5), 2)))(keys)
    for index, key in enumerate(keys):
        np.testing.assert_array_equal(mapped[index], hashed_words(key, jnp.arange(5), 2))
