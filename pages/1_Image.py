"""Read the faces of pictures: uploaded, taken with the camera, or the bundled sample."""

import streamlit as st

from fer_core.classification.explanation import no_map
from fer_core.errors import FerError
from fer_core.ui.image.results import downloads, show_picture
from fer_core.ui.shared import loaders
from fer_core.ui.shared.handover import forget_snapshots, snapshots
from fer_core.ui.shared.notice import footer
from fer_core.ui.shared.routing import through_router
from fer_core.ui.shared.samples import SAMPLE_CREDIT, sample_picture
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.uploads import analyse, forget

FILE_TYPES = ["png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "gif", "heic", "heif", "avif"]

through_router()
st.title("Image")
st.markdown("Give it one picture or several; every face in them gets seven probabilities.")

cards = {card.name: card for card in loaders.cards_or_stop()}

with st.expander("Settings", icon=":material/tune:"):
    left, right = st.columns(2)
    model = left.selectbox("Model", list(cards), format_func=lambda name: cards[name].title)
    detector = right.selectbox(
        "Face detector", list(loaders.DETECTOR_TITLES), format_func=loaders.DETECTOR_TITLES.__getitem__
    )

UPLOAD, CAMERA, SAMPLE = ":material/upload: Upload", ":material/photo_camera: Camera", ":material/portrait: Sample"
LIVE = ":material/videocam: From Live"
taken = snapshots()
sources = [UPLOAD, CAMERA, SAMPLE, *([LIVE] if taken else [])]
source = st.segmented_control("Picture from", sources, default=LIVE if taken else UPLOAD, required=True)
files: list[tuple[str, bytes]] = []
if source == UPLOAD:
    uploads = st.file_uploader(
        "Pictures",
        type=FILE_TYPES,
        accept_multiple_files=True,
        max_upload_size=50,
        help="Up to 50 MB and 50 megapixels each.",
    )
    files = [(upload.name, upload.getvalue()) for upload in uploads]
elif source == CAMERA:
    shot = st.camera_input("Look into the camera and press the button")
    files = [("snapshot.jpg", shot.getvalue())] if shot else []
elif source == LIVE:
    st.button("Discard snapshots", icon=":material/delete:", on_click=forget_snapshots)
    files = taken
else:
    st.caption(SAMPLE_CREDIT)
    files = [sample_picture()]

if not files:
    forget()
    st.caption("Nothing yet. No picture at hand? Choose *Sample*.")
    footer()
    st.stop()

try:
    pipeline = loaders.pipeline(model, detector)
    pictures = analyse(files, pipeline, (model, detector))
except FerError as error:
    st.error(plain(str(error)), icon=":material/error:")
    st.stop()

if pictures:
    mapless = no_map(cards[model])
    with st.container(horizontal=True):
        attention = st.toggle(
            "Show what the model looked at",
            help=mapless or "Class activation map of each face's label.",
            disabled=mapless is not None,
        )
        mesh = st.toggle("Show the mesh", help="The 468 landmarks from which pose, eyes and mouth are measured.")
    for number, picture in enumerate(pictures):
        show_picture(picture, number, cards[model].uncertain_below, attention and not mapless, mesh=mesh)
    st.subheader("Take the numbers with you")
    downloads(pictures)
footer()
