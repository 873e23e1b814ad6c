"""A visitor without a browser: speaks Streamlit's protocol over a plain WebSocket and HTTP."""

import json
import secrets
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any, Self

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol


@dataclass
class Visitor:
    """One open page.

    Args:
        address: of the server, such as `http://127.0.0.1:8501`.
        patience_s: for each answer.
        further_cookie: to be sent with every request, such as "name=value".

    Attributes:
        session: name of the visit, as the server gives it.
        messages: everything that the server sent since the last run began.
        widgets: values that the page's widgets have.
    """

    address: str
    patience_s: float = 60.0
    further_cookie: str = ""
    session: str = ""
    messages: list[ForwardMsg] = field(default_factory=list)
    widgets: dict[str, WidgetState] = field(default_factory=dict)
    _page: str = ""
    _query: str = ""
    _hash: str = ""

    def __enter__(self) -> Self:
        with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=self.patience_s) as answer:
            cookie = answer.headers["Set-Cookie"].split(";")[0]
        self._token = cookie.split("=", 1)[1].strip('"')
        self._cookie = {"Cookie": "; ".join(filter(None, (cookie, self.further_cookie)))}
        self._connecting = connect(
            f"{self.address.replace('http', 'ws', 1)}/_stcore/stream",
            subprotocols=[Subprotocol("streamlit"), Subprotocol(self._token)],
            origin=Origin(self.address),
            additional_headers=self._cookie,
            max_size=None,
            open_timeout=self.patience_s,
            ping_interval=None,  # browsers send none, and a busy server would be given up
        )
        self._socket: ClientConnection = self._connecting.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._connecting.__exit__(None, None, None)

    def open(self, page: str = "", query: str = "") -> Self:
        """Go to a page by its address, with what stands behind its question mark; back when it has run."""
        self._page, self._query, self._hash, self.widgets = page, query, "", {}
        return self.run()

    def run(self) -> Self:
        """Run the page with the widgets as they are; back when that is done."""
        self.messages = []
        message = BackMsg()
        message.rerun_script.page_name = "" if self._hash else self._page
        message.rerun_script.page_script_hash = self._hash
        message.rerun_script.query_string = self._query
        message.rerun_script.widget_states.widgets.extend(self.widgets.values())
        self._socket.send(message.SerializeToString())
        end_s = time.monotonic() + self.patience_s
        while time.monotonic() < end_s:
            data = self._socket.recv(timeout=max(0.1, end_s - time.monotonic()))
            said = ForwardMsg.FromString(data if isinstance(data, bytes) else data.encode())
            self.messages.append(said)
            kind = said.WhichOneof("type")
            if kind == "new_session":
                self.session = said.new_session.initialize.session_id or self.session
            elif kind == "navigation":
                self._hash = said.navigation.page_script_hash
            elif kind == "script_finished" and said.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                return self
        raise TimeoutError(f"the page {self._page!r} did not end within {self.patience_s:.0f} s")

    def elements(self, kind: str) -> list[Any]:
        """Elements of a kind that the last run sent, such as "file_uploader"."""
        deltas = [said.delta.new_element for said in self.messages if said.WhichOneof("type") == "delta"]
        return [getattr(each, kind) for each in deltas if each.WhichOneof("type") == kind]

    @property
    def text(self) -> str:
        """All that the last run sent, as text."""
        return "\n".join(str(said) for said in self.messages)

    def upload(self, name: str, data: bytes, label: str = "") -> Self:
        """Give a file to the uploader with that label, and run the page."""
        uploader = next(each for each in self.elements("file_uploader") if label in each.label)
        file_id = secrets.token_hex(8)
        url = f"/_stcore/upload_file/{self.session}/{file_id}"
        self._put(url, name, data)
        state = WidgetState(id=uploader.id)
        info = state.file_uploader_state_value.uploaded_file_info.add()
        info.file_id, info.name, info.size = file_id, name, len(data)
        info.file_urls.file_id = file_id
        info.file_urls.upload_url = info.file_urls.delete_url = url
        self.widgets[uploader.id] = state
        return self.run()

    def press(self, label: str) -> Self:
        """Press the button with that label, and run the page."""
        button = next(each for each in self.elements("button") if label in each.label)
        self.widgets[button.id] = WidgetState(id=button.id, trigger_value=True)
        try:
            return self.run()
        finally:
            del self.widgets[button.id]

    def fetched(self, path: str) -> bytes | None:
        """What lies at a path of the server; None where nothing does."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=self.patience_s) as answer:
                data: bytes = answer.read()
                return data
        except urllib.error.HTTPError:
            return None

    def _put(self, url: str, name: str, data: bytes) -> None:
        border = secrets.token_hex(16)
        head = (
            f'--{border}\r\nContent-Disposition: form-data; name="{name}"; filename={json.dumps(name)}\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        request = urllib.request.Request(
            self.address + url,
            head.encode() + data + f"\r\n--{border}--\r\n".encode(),
            {"Content-Type": f"multipart/form-data; boundary={border}", "Origin": self.address}
            | {"X-Xsrftoken": self._token}
            | self._cookie,
            method="PUT",
        )
        urllib.request.urlopen(request, timeout=self.patience_s).close()
