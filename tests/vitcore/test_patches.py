"""Cutting and resizing against loops, JAX, Pillow and the definition of PI-resize."""

import re

import numpy as np
import pytest
from PIL import Image

from tests.vitcore import slow_vit
from vitcore import patches


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize(("source", "target"), [(8, 2), (8, 3), (8, 11), (4, 4), (1, 5), (5, 1)])
def test_line_weighs_samples_as_a_triangle_does(source, target, antialias):
    line = patches.bilinear_line(source, target, antialias=antialias)
    np.testing.assert_allclose(line, slow_vit.bilinear(source, target, antialias=antialias))
    np.testing.assert_allclose(line.sum(axis=1), 1)


def test_half_size_without_antialias_takes_the_two_samples_beside_each_centre():
    np.testing.assert_allclose(
        patches.bilinear_line(4, 2), [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]], atol=1e-15
    )


def test_double_size_repeats_the_edge():
    np.testing.assert_allclose(
        patches.bilinear_line(2, 4), [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]]
    )


@pytest.mark.parametrize(("source", "target"), [(0, 4), (4, 0), (-1, 2)])
def test_line_of_nothing_is_refused(source, target):
    with pytest.raises(ValueError, match=f">= 1, got {source} and {target}"):
        patches.bilinear_line(source, target)


def test_matrices_are_shared_and_so_cannot_be_written_to():
    for matrix in (
        patches.bilinear_line(8, 3),
        patches.kernel_matrix(8, 3),
        patches.grid_matrix(8, 3, 3),
    ):
        with pytest.raises(ValueError, match="read-only"):
            matrix[0, 0] = 1


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize(("source", "target"), [(8, 3), (8, 11), (7, 5), (4, 16)])
def test_line_is_that_of_keras(source, target, antialias, rng):
    from keras import ops

    column = rng.normal(size=(1, source, source, 2)).astype(np.float32)
    theirs = ops.image.resize(
        column, (target, target), interpolation="bilinear", antialias=antialias,
        data_format="channels_last",
    )  # fmt: skip
    matrix = patches.bilinear_square(source, target, antialias=antialias)
    ours = (matrix @ column.reshape(source**2, 2)).reshape(1, target, target, 2)
    np.testing.assert_allclose(ours, np.asarray(theirs), atol=1e-5)


@pytest.mark.parametrize("size", [8, 9, 11, 16, 32])
def test_grown_kernel_gives_a_resized_patch_its_old_embedding(size, rng):
    kernel, patch = rng.normal(size=(8, 8, 3, 5)), rng.normal(size=(8, 8, 3))
    line = slow_vit.bilinear(8, size, antialias=False)
    grown = np.einsum("iy,jx,yxc->ijc", line, line, patch)
    before = np.einsum("yxc,yxcd->d", patch, kernel)
    after = np.einsum("yxc,yxcd->d", grown, patches.pi_resize(kernel, size))
    np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 7])
def test_shrunk_kernel_is_the_least_squares_best(size, rng):
    kernel = rng.normal(size=(8, 8, 3, 2))
    expected = slow_vit.pi_resized(kernel, size)
    np.testing.assert_allclose(patches.pi_resize(kernel, size), expected, atol=1e-5)


def test_kernel_at_its_own_size_is_untouched(rng):
    kernel = rng.normal(size=(8, 8, 3, 4)).astype(np.float32)
    np.testing.assert_array_equal(patches.pi_resize(kernel, 8), kernel)


def test_shrinking_loses_what_growing_again_cannot_restore(rng):
    kernel = rng.normal(size=(32, 32, 1, 1))
    back = patches.pi_resize(patches.pi_resize(kernel, 8), 32)
    assert np.abs(back - kernel).max() > 0.5


@pytest.mark.parametrize("shape", [(4, 4, 3), (4, 5, 3, 2)])
def test_kernel_that_is_not_square_is_refused(shape):
    with pytest.raises(ValueError, match=r"\(p, p, C, D\), got \(4"):
        patches.pi_resize(np.zeros(shape), 4)


@pytest.mark.parametrize("shape", [(8, 8), (16, 16), (3, 3), (1, 1), (5, 11), (2, 1)])
def test_grid_is_resized_as_jax_does(shape, rng):
    image = pytest.importorskip("jax.image")
    grid = rng.normal(size=(8, 8, 6)).astype(np.float32)
    theirs = image.resize(grid, (*shape, 6), "bilinear", antialias=True)
    np.testing.assert_allclose(patches.resize_grid(grid, shape), theirs, atol=1e-5)


@pytest.mark.parametrize("shape", [(8, 6), (8, 6, 4), (8,)])
def test_grid_that_is_not_square_is_refused(shape):
    with pytest.raises(ValueError, match=r"\(g, g, D\), got \(8"):
        patches.resize_grid(np.zeros(shape), (4, 4))


@pytest.mark.parametrize("size", [0, -1, 2.5, 4.0, "4", True, None, [4], float("nan")])
def test_a_side_that_is_no_whole_number_is_refused_by_its_value(size):
    rule = re.escape(f"must be an integer >= 1, got {size!r}")
    with pytest.raises(ValueError, match=f"size {rule}"):
        patches.pi_resize(np.zeros((4, 4, 3, 2)), size)
    with pytest.raises(ValueError, match=f"columns {rule}"):
        patches.resize_grid(np.zeros((4, 4, 2)), (2, size))
    with pytest.raises(ValueError, match=f"side {rule}"):
        patches.resize_image(np.zeros((32, 32, 3), np.uint8), size)


@pytest.mark.parametrize("shape", [4, (4,), (4, 4, 4), "44", {3, 4}])
def test_a_shape_of_a_grid_is_rows_and_columns(shape):
    with pytest.raises(ValueError, match=r"shape must be \(rows, columns\), got"):
        patches.resize_grid(np.zeros((4, 4, 2)), shape)


def test_sizes_may_be_numbers_of_numpy():
    assert patches.pi_resize(np.zeros((4, 4, 3, 2)), np.int64(8)).shape == (8, 8, 3, 2)


@pytest.mark.parametrize(("side", "wanted"), [(32, 33), (32, 30), (33, 32), (64, 32), (100, 32)])
def test_image_is_resized_as_pillow_does(side, wanted, rng):
    image = rng.integers(0, 256, (side, side, 3), np.uint8)
    theirs = Image.fromarray(image).resize((wanted, wanted), Image.Resampling.BILINEAR)
    ours = patches.resize_image(image, wanted)
    # Pillow rounds after the first axis too.
    assert np.abs(ours.astype(int) - np.asarray(theirs).astype(int)).max() <= 1


def test_oblong_images_are_resized_along_each_side(rng):
    batch = rng.integers(0, 256, (2, 20, 40, 3), np.uint8)
    down = slow_vit.bilinear(20, 32, antialias=True)
    across = slow_vit.bilinear(40, 32, antialias=True)
    exact = np.einsum("ih,jw,bhwc->bijc", down, across, batch.astype(float))
    assert np.abs(patches.resize_image(batch, 32) - exact).max() <= 0.5 + 1e-3


def test_image_of_the_right_size_is_the_same_object(rng):
    image = rng.integers(0, 256, (32, 32, 3), np.uint8)
    assert patches.resize_image(image, 32) is image


@pytest.mark.parametrize(("size", "side"), [(2, 32), (3, 33), (5, 30), (6, 30), (11, 33), (32, 32)])
def test_model_sees_whole_patches(size, side):
    assert patches.model_input(np.zeros((2, 32, 32, 3), np.uint8), size).shape == (2, side, side, 3)


@pytest.mark.parametrize("size", [1, 2, 4, 8, 16, 32])
def test_patches_are_those_of_a_loop(size, rng):
    image = rng.integers(0, 256, (32, 32, 3), np.uint8)
    cut = patches.patchify(image, size)
    for row in range(32 // size):
        for column in range(32 // size):
            y, x = row * size, column * size
            np.testing.assert_array_equal(cut[row, column], image[y : y + size, x : x + size])


@pytest.mark.parametrize(("size", "grid"), [(3, (10, 10)), (5, (6, 6)), (11, (2, 2)), (32, (1, 1))])
def test_valid_drops_the_rest_at_the_right_and_bottom(size, grid, rng):
    image = rng.integers(0, 256, (32, 32, 3), np.uint8)
    cut = patches.patchify(image, size, padding="valid")
    assert cut.shape[:2] == grid
    np.testing.assert_array_equal(
        patches.unpatchify(cut), image[: grid[0] * size, : grid[1] * size]
    )  # fmt: skip


@pytest.mark.parametrize("size", [3, 5, 6, 7, 11, 16])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_paddings_are_those_of_tensorflow(size, padding, rng):
    from keras import ops

    image = rng.integers(0, 256, (32, 29, 3)).astype(np.float32)
    theirs = ops.image.extract_patches(
        image[None], size=(size, size), padding=padding, data_format="channels_last"
    )
    ours = patches.patchify(image, size, padding)
    np.testing.assert_array_equal(ours.reshape(*ours.shape[:2], -1), np.asarray(theirs)[0])


@pytest.mark.parametrize("size", [2, 3, 4, 5, 6, 8, 11, 16, 32])
def test_join_puts_together_what_cut_took_apart(size, rng):
    image = rng.integers(0, 256, (32, 32, 3), np.uint8)
    seen = patches.model_input(image, size)
    np.testing.assert_array_equal(patches.unpatchify(patches.patchify(image, size)), seen)


@pytest.mark.parametrize(
    ("shape", "size", "padding", "message"),
    [
        ((32, 32), 4, "resize", r"\(H, W, C\), got \(32, 32\)"),
        ((32, 32, 3), 0, "resize", r"1 to 32 \(the image size\), got 0"),
        ((32, 32, 3), 33, "valid", r"1 to 32 \(the image size\), got 33"),
        ((32, 16, 3), 17, "same", r"1 to 16 \(the image size\), got 17"),
        ((32, 32, 3), 4, "reflect", "resize, valid or same, got 'reflect'"),
        ((32, 16, 3), 5, "resize", r"image must be square to be resized, got \(32, 16, 3\)"),
    ],
)
def test_what_cannot_be_cut_is_refused(shape, size, padding, message):
    with pytest.raises(ValueError, match=message):
        patches.patchify(np.zeros(shape, np.uint8), size, padding)


@pytest.mark.parametrize("shape", [(8, 8), (4, 4), (11, 11), (1, 1), (2, 5)])
@pytest.mark.parametrize("width", [4, 16])
def test_fixed_positions_are_those_of_a_loop(shape, width):
    rows, columns = shape
    in_order, by_place = patches.sincos_1d(shape, width), patches.sincos_2d(shape, width)
    for row in range(rows):
        for column in range(columns):
            number = (row * columns + column + 0.5) * 64 / (rows * columns) - 0.5
            x, y = (column + 0.5) * 8 / columns - 0.5, (row + 0.5) * 8 / rows - 0.5
            expected = slow_vit.sines(number, width)
            np.testing.assert_allclose(in_order[row, column], expected, atol=1e-5)
            expected = slow_vit.sines(x, width // 2) + slow_vit.sines(y, width // 2)
            np.testing.assert_allclose(by_place[row, column], expected, atol=1e-5)


def test_pixels_reach_the_model_between_minus_one_or_zero_and_one():
    np.testing.assert_allclose(patches.normalize([0, 255], "signed"), [-1, 1])
    np.testing.assert_allclose(patches.normalize([0, 255], "unit"), [0, 1])
