"""torch's convolution of maps whose channels come last, by products of matrices where the map is small."""

from typing import Any

import torch
from torch.nn.functional import conv2d, pad

TINY_MAP = 3
"""Side of the outcome up to which matrices are quicker than oneDNN for all of a convolution."""

SMALL_MAP = 6
"""Side of the outcome up to which they are quicker for the gradient of the kernel."""


def convolve(x: torch.Tensor, kernel: torch.Tensor, stride: int, padding: int) -> torch.Tensor:
    """A convolution that can be trained.

    Args:
        x: maps, shape (N, height, width, channels).
        kernel: of the same dtype, shape (size, size, channels, out).
        stride: in both directions.
        padding: zeros on each side.

    Returns:
        Maps, shape (N, height, width, out).
    """
    tiny = (x.shape[1] + 2 * padding - kernel.shape[0]) // stride < TINY_MAP
    convolution: Any = _ByMatrices if tiny else _ByOneDnn
    result: torch.Tensor = convolution.apply(x, kernel, stride, padding)
    return result


class _ByMatrices(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, x: torch.Tensor, kernel: torch.Tensor, stride: int, padding: int) -> torch.Tensor:
        places = _places(x, kernel.shape[0], stride, padding)
        count, height, width, *_ = places.shape
        flat = places.reshape(count * height * width, -1)
        context.save_for_backward(flat, kernel)
        context.of_x, context.stride, context.padding = x.shape, stride, padding
        return (flat @ _flat(kernel)).view(count, height, width, -1)

    @staticmethod
    def backward(context: Any, above: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None, None, None]:
        flat, kernel = context.saved_tensors
        _, height, width, wide = above.shape
        size, stride, padding = kernel.shape[0], context.stride, context.padding
        above = above.reshape(-1, wide)
        x_gradient = kernel_gradient = None
        if context.needs_input_grad[1]:
            kernel_gradient = (flat.T @ above).view_as(kernel)
        if context.needs_input_grad[0]:
            count, down, right, channels = context.of_x
            spread = (above @ _flat(kernel).T).view(count, height, width, size, size, channels)
            padded = spread.new_zeros(count, down + 2 * padding, right + 2 * padding, channels)
            for row in range(size):
                for column in range(size):
                    rows = slice(row, row + stride * height, stride)
                    columns = slice(column, column + stride * width, stride)
                    padded[:, rows, columns] += spread[:, :, :, row, column]
            x_gradient = padded[:, padding : padding + down, padding : padding + right]
        return x_gradient, kernel_gradient, None, None


class _ByOneDnn(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, x: torch.Tensor, kernel: torch.Tensor, stride: int, padding: int) -> torch.Tensor:
        context.save_for_backward(x, kernel)
        context.stride, context.padding = stride, padding
        y = conv2d(x.permute(0, 3, 1, 2), kernel.permute(3, 2, 0, 1), stride=stride, padding=padding)
        return y.permute(0, 2, 3, 1).contiguous()

    @staticmethod
    def backward(context: Any, above: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None, None, None]:
        x, kernel = context.saved_tensors
        stride, padding = context.stride, context.padding
        of_x, of_kernel = context.needs_input_grad[:2]
        by_matrices = of_kernel and above.shape[1] <= SMALL_MAP
        above = above.contiguous()
        x_gradient, kernel_gradient, _ = torch.ops.aten.convolution_backward(
            above.permute(0, 3, 1, 2),
            x.permute(0, 3, 1, 2),
            kernel.permute(3, 2, 0, 1),
            None,
            [stride, stride],
            [padding, padding],
            [1, 1],
            False,
            [0, 0],
            1,
            [of_x, of_kernel and not by_matrices, False],
        )
        if by_matrices:
            places = _places(x, kernel.shape[0], stride, padding)
            kernel_gradient = places.reshape(-1, _flat(kernel).shape[0]).T @ above.view(-1, above.shape[-1])
            kernel_gradient = kernel_gradient.view_as(kernel)
        elif of_kernel:
            kernel_gradient = kernel_gradient.permute(2, 3, 1, 0)
        return x_gradient.permute(0, 2, 3, 1) if of_x else None, kernel_gradient, None, None


def _places(x: torch.Tensor, size: int, stride: int, padding: int) -> torch.Tensor:
    """What the kernel meets at each place, (N, height, width, size, size, channels); a view of the padded map."""
    padded = pad(x, (0, 0, padding, padding, padding, padding)).contiguous()
    (count, down, right, channels), (one, row, column, channel) = padded.shape, padded.stride()
    sides = ((side - size) // stride + 1 for side in (down, right))
    return padded.as_strided(
        (count, *sides, size, size, channels), (one, stride * row, stride * column, row, column, channel)
    )


def _flat(kernel: torch.Tensor) -> torch.Tensor:
    """The kernel as a matrix, (size * size * channels, out)."""
    return kernel.reshape(-1, kernel.shape[-1])
