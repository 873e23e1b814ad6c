"""Native libraries are kept quiet, and nobody else is."""

import os
import subprocess
import sys

from fer_core.native_stderr import stderr_without


def test_only_what_is_unwanted_is_dropped(capfd):
    with stderr_without("INFO: "):
        os.write(2, b"INFO: a delegate\nwarning: of another\nINFO: more\n")
    os.write(2, b"INFO: afterwards\n")
    assert capfd.readouterr().err == "warning: of another\nINFO: afterwards\n"


def test_a_program_without_a_terminal():
    code = (
        "import os\nos.close(2)\nfrom fer_core.native_stderr import stderr_without\n"
        "with stderr_without('x'): pass\nprint('done')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "done\n"


def test_loading_a_network_says_nothing():
    code = (
        "from fer_core.classification import EmotionClassifier, default_model\nEmotionClassifier.load(default_model())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
