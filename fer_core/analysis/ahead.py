"""Two steps of work on the same items at the same time: a thread is at the first step of the items to come."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ahead(items: Iterable[Item], work: Callable[[Item], Result], most: int) -> Iterator[tuple[Item, Result]]:
    """Each item with what `work` makes of it; while one of them is used, a thread works on the next ones.

    Items are taken in the thread of whoever iterates, and results come in their order. What `work` raises is raised
    where its result would have come. Whoever stops early waits for the item that the thread is at.

        >>> list(ahead([1, 2, 3], lambda number: number ** 2, most=2))
        [(1, 1), (2, 4), (3, 9)]

    Args:
        items: may take long to come, too.
        work: called for one item after the other, always in the same thread.
        most: items that are taken ahead of the one that is used; 1 or more.
    """
    worker = ThreadPoolExecutor(1, thread_name_prefix="ahead")
    try:
        waiting: deque[tuple[Item, Future[Result]]] = deque()
        for item in items:
            waiting.append((item, worker.submit(work, item)))
            if len(waiting) > most:
                first, result = waiting.popleft()
                yield first, result.result()
        for first, result in waiting:
            yield first, result.result()
    finally:
        worker.shutdown(cancel_futures=True)
