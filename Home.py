"""The dashboard's way in: `streamlit run Home.py`."""

import logging
from pathlib import Path

import streamlit as st

from fer_core.temporary import sweep
from fer_core.ui.shared import sign_in
from fer_core.ui.shared.ahead import fetch_ahead
from fer_core.ui.shared.charts import choose_format
from fer_core.ui.shared.closed_visits import end_closed_visits
from fer_core.ui.shared.page_memory import forget_other_pages
from fer_core.ui.shared.theme import page_style
from fer_core.ui.shared.uploaders import let_go_of_the_rest

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)  # else it names each when it is imported

# A file of our own: browsers fetch an icon that is given by name from a server of Google.
ICON = Path(__file__).parent / "assets" / "icon.png"
st.set_page_config(page_title="Face Value", page_icon=str(ICON), layout="wide")
st.html(page_style())  # before the door: whoever signs in reads it, too

door = sign_in.door()
page = st.navigation(
    {
        "Face Value": [st.Page("pages/0_Start.py", title="Start", icon=":material/home:", default=True)],
        "Analyse": [
            st.Page("pages/1_Image.py", title="Image", icon=":material/image:"),
            st.Page("pages/2_Live.py", title="Live", icon=":material/videocam:"),
            st.Page("pages/3_Video.py", title="Video", icon=":material/movie:"),
            st.Page("pages/4_Study.py", title="Study", icon=":material/groups:"),
        ],
        "Evidence": [st.Page("pages/5_Models.py", title="Models", icon=":material/leaderboard:")],
    },
    position="sidebar" if door.opens else "hidden",
)
forget_other_pages(page.url_path)
end_closed_visits()
sweep()
if not door.opens:
    sign_in.ask(door)
    st.stop()
with st.sidebar:
    st.caption(":material/lock: Everything stays on this machine.")
    choose_format()
    if door.person:
        sign_in.sign_out_button(door.person)
    fetch_ahead()
with let_go_of_the_rest(page.url_path):
    page.run()
