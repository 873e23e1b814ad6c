"""Every error that this package raises on purpose.

    FerError
    ├── MediaError      a picture or recording cannot be used: unreadable, too large, not what its name says
    │   ├── TooLargeError      it has more bytes, pixels or seconds than are allowed
    │   └── CheckpointError    what an analysis has come to cannot be saved, whatever the recording is like
    ├── ModelError      a model is missing, damaged or not what its card says
    │   ├── UnknownModelError  no model of that name is installed
    │   └── NotInstalledError  a file that only training needs, which an installed package leaves out
    ├── DatasetError    a data set is not in a layout that is understood, or is empty
    ├── RequestError    an analysis was asked for that makes no sense
    ├── TimelineError   a change to a timeline, or a comparison of several, makes no sense
    ├── LibraryError    a library of kept analyses cannot be opened, or does not hold what is asked for
    │   ├── ChangedError       what is kept was changed by somebody else since it was taken
    │   ├── LibraryBusyError   others use it at this moment, or its disk is full; it can be used later
    │   ├── NotKeptError       it does not, or no longer, hold what is asked for
    │   ├── ReadingsError      the file of one kept analysis is gone or damaged
    │   └── StaysDeletedError  what is brought to it again was deleted from it, and its recording was not
    ├── ExportError     an exported model disagrees with the one that it was made from
    ├── StoppedError    long work was ended, by the person who waited for it, before it was complete
    ├── WorkerError     processes that share work cannot be kept running
    ├── AccessError     somebody asks the HTTP service, or signs in to the dashboard, who may not
    │   └── KeyNeededError     a key is missing or not known
    ├── MissingError    what is asked for is not there, or no longer; `NotKeptError` is one, too
    ├── BusyError       there is no room for more work now, and may be later
    ├── ServiceError    an HTTP service cannot be reached, or does not answer as one
    └── DependencyError an optional package is not installed

The message is one sentence for the person who meets it and says the way out. Anything else that escapes is a defect.
"""


class FerError(Exception):
    """Base of all errors raised on purpose."""


class MediaError(FerError):
    """A picture or recording cannot be used."""


class TooLargeError(MediaError):
    """A picture or recording has more bytes, pixels or seconds than are allowed."""


class CheckpointError(MediaError):
    """What an analysis has come to cannot be saved, such as on a full disk; the recording may be a good one."""


class ModelError(FerError):
    """A model is missing, damaged or not what its card says."""


class UnknownModelError(ModelError):
    """No model of that name is installed."""


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


class ChangedError(LibraryError):
    """What is kept was changed by somebody else since it was taken, and is not to be replaced unseen."""


class LibraryBusyError(LibraryError):
    """A library of kept analyses is used by others at this moment, or its disk is full; it can be used later."""


class MissingError(FerError):
    """What is asked for is not there, or no longer: of the HTTP service, or in a library of kept analyses."""


class NotKeptError(LibraryError, MissingError):
    """A library of kept analyses does not, or no longer, hold what is asked for."""


class ReadingsError(LibraryError):
    """The file of one kept analysis is gone, or other than it was; the rest of the library can be used."""


class StaysDeletedError(LibraryError):
    """Readings that are brought to a library again were deleted from it, and their recording was not."""


class ExportError(FerError):
    """An exported model disagrees with the one that it was made from."""


class StoppedError(FerError):
    """Long work was ended, by the person who waited for it, before it was complete."""


class WorkerError(FerError):
    """Processes that share work cannot be kept running."""


class AccessError(FerError):
    """Somebody asks the HTTP service, or signs in to the dashboard, who may not."""


class KeyNeededError(AccessError):
    """A key is missing or not known."""


class BusyError(FerError):
    """There is no room for more work now, and may be later."""


class ServiceError(FerError):
    """An HTTP service cannot be reached, or does not answer as one."""


class DependencyError(FerError):
    """An optional package is not installed."""


def with_extra(name: str) -> str:
    """The way out where an extra of this package is missing, to end a sentence with.

    It holds in a checkout and for an installed package; a name alone would be asked of an index of packages.
    """
    return (
        f"install this package with its extra `{name}`, such as `pip install '.[{name}]'` in the folder of its source"
    )
