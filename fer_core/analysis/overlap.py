"""Two steps of work on the same items at the same time: a thread is at the first step of the items to come."""

import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def overlapped(items: Iterable[Item], work: Callable[[Item], Result], ahead: int) -> Iterator[tuple[Item, Result]]:
    """Each item with what `work` makes of it; while one of them is used, a thread works on the next ones.

    Items are taken in the thread of whoever iterates, and results come in their order. What `work` raises is raised
    where its result would have come. Whoever stops early waits for the item that the thread is at.

        >>> list(overlapped([1, 2, 3], lambda number: number ** 2, ahead=2))
        [(1, 1), (2, 4), (3, 9)]

    Args:
        items: may take long to come, too.
        work: called for one item after the other, always in the same thread.
        ahead: items that are taken beyond the one that is used; 0 for work in turn, without a thread.
    """
    if not ahead:
        yield from ((item, work(item)) for item in items)
        return
    tasks: SimpleQueue[tuple[Item, Future[Result]] | None] = SimpleQueue()
    # No executor: its threads keep a program that ends from ending, and those who use it then get an error.
    worker = threading.Thread(target=_work, args=(work, tasks), name="overlapped", daemon=True)
    worker.start()
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    try:
        for item in items:
            waiting.append((item, Future()))
            tasks.put(waiting[-1])
            if len(waiting) > ahead:
                first, result = waiting.popleft()
                yield first, result.result()
        while waiting:
            first, result = waiting.popleft()
            yield first, result.result()
    finally:
        for _, result in waiting:
            result.cancel()
        tasks.put(None)
        if not sys.is_finalizing():  # then no other thread runs any more, and waiting for it would never end
            worker.join()


def _work(work: Callable[[Item], Result], tasks: "SimpleQueue[tuple[Item, Future[Result]] | None]") -> None:
    while (task := tasks.get()) is not None:
        item, result = task
        if result.set_running_or_notify_cancel():
            try:
                result.set_result(work(item))
            except BaseException as error:
                result.set_exception(error)
