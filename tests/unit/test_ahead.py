from importlib.util import find_spec

from fer_core.ui.shared import ahead


def test_streamlit_has_one_script_that_draws_charts():
    """Its name is Streamlit's own; under another, the first chart only comes later."""
    assert ahead.chart_script()


def test_the_modules_that_are_imported_ahead_exist():
    assert all(find_spec(name) for name in ahead.MODULES)
