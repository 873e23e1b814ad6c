"""Every error that this package raises on purpose.

    FerError
    ├── MediaError      a picture or recording cannot be used: unreadable, too large, not what its name says
    ├── ModelError      a model is missing, damaged or not what its card says
    │   └── NotInstalledError  a file that only training needs, which an installed package leaves out
    ├── DatasetError    a data set is not in a layout that is understood, or is empty
    ├── RequestError    an analysis was asked for that makes no sense
    ├── TimelineError   a change to a timeline, or a comparison of several, makes no sense
    ├── LibraryError    a library of kept analyses cannot be opened, or does not hold what is asked for
    ├── ExportError     an exported model disagrees with the one that it was made from
    ├── StoppedError    long work was ended, by the person who waited for it, before it was complete
    ├── WorkerError     processes that share work cannot be kept running
    └── DependencyError an optional package is not installed

The message is one sentence for the person who meets it and says the way out. Anything else that escapes is a defect.
"""


class FerError(Exception):
    """Base of all errors raised on purpose."""


class MediaError(FerError):
    """A picture or recording cannot be used."""


class ModelError(FerError):
    """A model is missing, damaged or not what its card says."""


class NotInstalledError(ModelError):
    """A file that only training needs, which an installed package leaves out; a checkout has it."""


class DatasetError(FerError):
    """A data set is not in a layout that is understood, or is empty."""


class RequestError(FerError):
    """An analysis was asked for that makes no sense."""


class TimelineError(FerError):
    """A change to a timeline, or a comparison of several, makes no sense."""


class LibraryError(FerError):
    """A library of kept analyses cannot be opened, or does not hold what is asked for."""


class ExportError(FerError):
    """An exported model disagrees with the one that it was made from."""


class StoppedError(FerError):
    """Long work was ended, by the person who waited for it, before it was complete."""


class WorkerError(FerError):
    """Processes that share work cannot be kept running."""


class DependencyError(FerError):
    """An optional package is not installed."""
