"""Charts can be saved from every page."""

import json

from streamlit.testing.v1 import AppTest


def page() -> AppTest:
    def script() -> None:
        import plotly.graph_objects as go

        from fer_core.ui.shared.charts import choose_format, show_figure

        choose_format()
        figure = go.Figure(go.Bar(x=["happy"], y=[1.0])).update_layout(height=250)
        show_figure(figure, "bar 3", "A bar.", name="Gespräch 1: shares of Ann & Bob")

    return AppTest.from_function(script, default_timeout=60).run()


def saved_as(page: AppTest) -> dict:
    [chart] = page.get("plotly_chart")
    config = json.loads(chart.proto.config)
    assert config["modeBarButtons"] == [["toImage"]]
    return config["toImageButtonOptions"]


def test_a_chart_is_saved_under_its_name_at_the_width_of_a_page():
    options = saved_as(page())
    name = "Gespräch-1-shares-of-Ann-Bob"
    assert options == {"format": "svg", "filename": name, "width": 680, "height": 250, "scale": 1}


def test_the_format_can_be_chosen():
    shown = page()
    shown.button_group[0].set_value("PNG").run()
    assert not shown.exception
    options = saved_as(shown)
    assert (options["format"], options["scale"]) == ("png", 3)
