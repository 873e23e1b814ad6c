"""Event files of others: read as their formats say, written so that they can be read again."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fer_core.errors import TimelineError
from fer_core.timeline.events.clock import Clock, fitted
from fer_core.timeline.events.event import MAX_BYTES, Event, with_text_of
from fer_core.timeline.events.formats import WRITTEN, read_events, write_events
from fer_core.timeline.notes import Notes, Span
from fer_core.timeline.statistics.expressions import expression_events
from tests.timelines import RECORDING, nobody, of_rows, reading

EVENTS = (
    Event(0.5, None, "=SUM(A1)", "marker", "P1"),
    Event(1.25, 2.5, 'smile <b>wide</b> & "so"', "stimulus", "P1"),
    Event(3.0, 4.0, "田中さん, laughs", "stimulus", "P2"),
)

EPRIME_LOG = """*** Header Start ***
Subject: 7
*** Header End ***
\tLevel: 2
\t*** LogFrame Start ***
\tProcedure: TrialProc
\tPicture: happy.bmp
\tFace.OnsetTime: 12500
\tFace.OffsetTime: 13500
\tFixation.OnsetTime: 12000
\tFeedback.OnsetTime: 0
\t*** LogFrame End ***
"""

PSYCHOPY_LOG = """0.9113 \tINFO \tLoaded monitor calibration
1.0000 \tEXP \tface: autoDraw = True
1.5000 \tDATA \tKeypress: space
3.0000 \tEXP \tface: autoDraw = False
4.0000 \tEXP \tNew trial (rep=0, index=1): OrderedDict(
 emotion=happy)
5.0000 \tEXP \tend: autoDraw = True
"""

BORIS_PROJECT = {
    "time_format": "hh:mm:ss",
    "project_format_version": "7.0",
    "subjects_conf": {"0": {"key": "1", "name": "P1", "description": ""}},
    "behaviors_conf": {
        "0": {"type": "Point event", "key": "p", "code": "nod", "category": "head", "modifiers": ""},
        "1": {"type": "State event", "key": "s", "code": "smile", "category": "mouth", "modifiers": ""},
    },
    "observations": {
        "obs1": {
            "file": {"1": ["a.mp4"]},
            "type": "MEDIA",
            "time offset": 0.0,
            "events": [
                [1.0, "P1", "smile", "", "", 25],
                [2.0, "P1", "nod", "", "twice", 50],
                [3.5, "P1", "smile", "", "", 87],
            ],
        }
    },
}

BORIS_TABLE = """Observation id\tObservation date\tSubject\tBehavior\tBehavioral category\tBehavior type\tTime\tComment
obs1\t2024-01-01\tNo focal subject\tsmile\tmouth\tSTART\t1.000\t
obs1\t2024-01-01\tP1\tnod\thead\tPOINT\t2.000\ttwice
obs1\t2024-01-01\tNo focal subject\tsmile\tmouth\tSTOP\t3.500\t
"""

BORIS_OLD_TABLE = """Observation id\tobs1

Media file(s)

Player #1\ta.mp4

Time\tMedia file path\tTotal length\tFPS\tSubject\tBehavior\tBehavioral category\tComment\tStatus
00:00:01.000\ta.mp4\t60\t25\tP1\tsmile\tmouth\t\tSTART
00:00:03.500\ta.mp4\t60\t25\tP1\tsmile\tmouth\t\tSTOP
"""

BORIS_AGGREGATED = """Observation id,Subject,Behavior,Behavioral category,Behavior type,Start (s),Stop (s),Duration (s)
obs1,P1,smile,mouth,STATE,1.0,3.5,2.5
obs1,P1,nod,head,POINT,2.0,2.0,NA
"""


def spoken(events):
    return [(event.start_s, event.end_s, event.text, event.kind, event.subject) for event in events]


@pytest.mark.parametrize("form", ["csv", "bids", "elan", "boris", "vtt"])
def test_what_is_written_is_read_again(form):
    events = read_events(f"events.{WRITTEN[form].extension}", write_events(EVENTS, form, "session.mp4"))
    expected = spoken(EVENTS)
    if form == "vtt":  # subtitles know neither kinds nor moments
        expected = [(start, end or start + 0.04, text, "", subject) for start, end, text, _, subject in expected]
    assert spoken(events) == expected


def test_a_table_of_boris_and_srt_are_read_again():
    table = read_events("events.tsv", write_events(EVENTS, "boris_table", "session.mp4"))
    assert spoken(table) == spoken(EVENTS)
    assert {event.columns["Observation id"] for event in table} == {"session"}
    subtitles = read_events("events.srt", write_events(EVENTS, "srt"))
    assert [event.text for event in subtitles] == [event.text for event in EVENTS]


TEXTS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)


@given(
    st.lists(
        st.tuples(st.integers(0, 10**7), st.none() | st.integers(1, 10**6), TEXTS, TEXTS, TEXTS | st.just("")),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_text_goes_there_and_back(entries):
    events = [
        Event(start / 1000, None if length is None else (start + length) / 1000, text, kind, subject)
        for start, length, text, kind, subject in entries
        if "n/a" not in (text.lower(), kind.lower(), subject.lower()) and subject != "No focal subject"
    ]
    for form in ("csv", "bids", "elan"):
        if events:
            again = read_events(f"e.{WRITTEN[form].extension}", write_events(events, form))
            assert sorted(map(repr, spoken(again))) == sorted(map(repr, spoken(events))), form


def test_a_cell_that_a_spreadsheet_would_run_is_guarded():
    text = write_events((*EVENTS, Event(9.0, None, "'=x"), Event(10.0, None, "-1.5")), "csv").decode()
    assert ",'=SUM(A1)," in text and ",''=x," in text and ",-1.5," in text
    assert [event.text for event in read_events("e.csv", text.encode())][-2:] == ["'=x", "-1.5"]


def test_kept_columns_stay_and_can_name_the_event():
    data = b"onset\tduration\ttrial_type\tface\n1\t0\tgo\thappy\n2.5\t1\tstop\tn/a\n3\tn/a\tstop\tsad\n"
    events = read_events("sub-01_events.tsv", data)
    assert spoken(events) == [(1, None, "go", "", ""), (2.5, 3.5, "stop", "", ""), (3, None, "stop", "", "")]
    assert [event.columns for event in events] == [{"face": "happy"}, {}, {"face": "sad"}]
    assert [event.text for event in with_text_of(events, "face")] == ["happy", "stop", "sad"]
    with pytest.raises(TimelineError, match='no column "hue"; choose one of: "face"'):
        with_text_of(events, "hue")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("p.boris", json.dumps(BORIS_PROJECT)),
        ("p.tsv", BORIS_TABLE),
        ("p.csv", BORIS_AGGREGATED),
    ],
)
def test_boris(name, data):
    smile, nod = read_events(name, data.encode())
    assert (smile.start_s, smile.end_s, smile.text, smile.kind) == (1.0, 3.5, "smile", "mouth")
    assert (nod.start_s, nod.end_s, nod.text, nod.subject) == (2.0, None, "nod", "P1")


def test_a_project_names_what_boris_asks_of_it_in_ascii():
    recording = replace(RECORDING, duration_s=61.5, frame_rate=29.97, has_audio=False)
    data = write_events(EVENTS, "boris", "Gespräch.mp4", recording)
    assert data.isascii()
    [(name, observation)] = json.loads(data)["observations"].items()
    assert name == "Gespräch"
    assert observation["file"] == {"1": ["Gespräch.mp4"], **{player: [] for player in "2345678"}}
    assert observation["media_info"] == {
        "length": {"Gespräch.mp4": 61.5},
        "fps": {"Gespräch.mp4": 29.97},
        "hasVideo": {"Gespräch.mp4": True},
        "hasAudio": {"Gespräch.mp4": False},
        "offset": dict.fromkeys("12345678", 0.0),
    }
    [unknown] = json.loads(write_events(EVENTS, "boris"))["observations"].values()
    assert unknown["media_info"]["length"] == {} and set(unknown["file"]) == set("12345678")


def test_states_of_boris_with_different_modifiers_overlap():
    header = "Observation id\tSubject\tBehavior\tModifier #1\tModifier #2\tBehavior type\tTime\n"
    rows = [
        ("left", "", "START", 1),
        ("right", "slow", "START", 2),
        ("left", "", "STOP", 3),
        ("right", "slow", "STOP", 4),
    ]
    table = header + "".join(f"o\tP1\tturn\t{one}\t{two}\t{kind}\t{time}\n" for one, two, kind, time in rows)
    left, right = read_events("p.tsv", table.encode())
    assert [(event.start_s, event.end_s, event.columns["Modifier #1"]) for event in (left, right)] == [
        (1.0, 3.0, "left"),
        (2.0, 4.0, "right"),
    ]


def test_an_old_table_of_boris_begins_below_its_description():
    [smile] = read_events("p.tsv", BORIS_OLD_TABLE.encode())
    assert spoken([smile]) == [(1.0, 3.5, "smile", "mouth", "P1")]
    assert smile.columns["Media file path"] == "a.mp4" and smile.line == 8


def test_several_observations_are_not_mixed():
    project = {**BORIS_PROJECT, "observations": {"a": BORIS_PROJECT["observations"]["obs1"]}}
    project["observations"]["b"] = {"events": [[9.0, "", "nod", "", ""]]}
    data = json.dumps(project).encode()
    with pytest.raises(TimelineError, match=r'2 observations.*"a", "b"'):
        read_events("p.boris", data)
    assert [event.start_s for event in read_events("p.boris", data, "b")] == [9.0]


@pytest.mark.parametrize("wide", [False, True])
def test_eprime_log(wide):
    data = EPRIME_LOG.replace("\n", "\r\n").encode("utf-16" if wide else "utf-8")
    fixation, face = read_events("session.txt", data)
    assert (fixation.start_s, fixation.end_s, fixation.text, fixation.kind) == (12.0, None, "Fixation", "TrialProc")
    assert (face.start_s, face.end_s, face.text) == (12.5, 13.5, "Face")
    assert face.columns == {"Procedure": "TrialProc", "Picture": "happy.bmp"}


def test_eprime_table():
    data = b"C:\\exp\\merged.emrg2\nSubject\tPicture\tFace.OnsetTime\tFace.OffsetTime\n7\thappy.bmp\t12500\t13500\n"
    [face] = read_events("export.txt", data)
    assert (face.start_s, face.end_s, face.text, face.subject) == (12.5, 13.5, "Face", "7")


def test_a_table_of_eprime_with_levels():
    names = ["Subject", "Session", "Intro.OnsetTime", "Face.OnsetTime[Trial]", "Face.OffsetTime[Trial]"]
    names += ["Rest.OnsetTime[Block]", "Procedure[Block]", "Procedure[Trial]"]
    rows = [
        ("7", "1", "500", "1000", "2000", "9000", "BlockProc", "TrialProc"),
        ("7", "1", "500", "3000", "4000", "9000", "BlockProc", "TrialProc"),
        ("7", "2", "500", "3000", "4000", "0", "BlockProc", "TrialProc"),
    ]
    data = "\n".join("\t".join(cells) for cells in (names, *rows)).encode()
    assert [(event.start_s, event.end_s, event.text, event.kind) for event in read_events("e.txt", data)] == [
        (0.5, None, "Intro", ""),
        (0.5, None, "Intro", ""),  # of the other session
        (1.0, 2.0, "Face", "TrialProc"),
        (3.0, 4.0, "Face", "TrialProc"),
        (3.0, 4.0, "Face", "TrialProc"),
        (9.0, None, "Rest", "BlockProc"),
    ]
    with pytest.raises(TimelineError, match=r'"Rest\.onsettime\[block\]" .*"soon"'):
        read_events("e.txt", data.replace(b"9000", b"soon"))


def test_psychopy_log():
    events = read_events("session.log", PSYCHOPY_LOG.encode())
    assert [(event.start_s, event.end_s, event.text, event.kind) for event in events] == [
        (1.0, 3.0, "face", "component"),
        (1.5, None, "Keypress: space", "DATA"),
        (4.0, None, "New trial (rep=0, index=1): OrderedDict(\nemotion=happy)", "EXP"),
        (5.0, None, "end", "component"),
    ]


def test_psychopy_table():
    data = b"emotion,face.started,face.stopped,key.started\nhappy,1.5,2.5,\nsad,4.5,None,5.0\n"
    events = read_events("trials.csv", data)
    assert spoken(events) == [
        (1.5, 2.5, "face", "component", ""),
        (4.5, None, "face", "component", ""),
        (5.0, None, "key", "component", ""),
    ]
    assert [event.text for event in with_text_of(events, "emotion")] == ["happy", "sad", "sad"]


def test_columns_of_any_name_are_kept_when_events_are_written_as_a_table():
    data = b"emotion,duration,label,face.started,face.stopped\nhappy,8,smile,5.0,\n"
    [event] = read_events("trials.csv", data)
    assert (event.end_s, event.columns) == (None, {"emotion": "happy", "duration": "8", "label": "smile"})
    [again] = read_events("events.csv", write_events([event], "csv", "session.mp4"))
    assert spoken([again]) == spoken([event]) and again.columns == event.columns


def test_a_fault_in_another_observation_of_a_boris_project_is_none_of_this_one():
    project = json.loads(json.dumps(BORIS_PROJECT))
    [(name, content)] = project["observations"].items()
    other = [[event[0], event[1], "no such code", *event[3:]] for event in content["events"]]
    project["observations"]["other"] = {**content, "events": other}
    data = json.dumps(project).encode()
    assert len(read_events("p.boris", data, name)) == 2
    with pytest.raises(TimelineError):
        read_events("p.boris", data, "other")


def test_subtitles():
    cues = [
        "1",
        "00:00:01,500 --> 00:00:02,000",
        "Hello",
        "<i>you</i>",
        "",
        "2",
        "00:01:00,000 --> 00:01:01,000",
        "Bye",
    ]
    srt = "\ufeff" + "\r\n".join(cues) + "\r\n"
    first, second = read_events("a.srt", srt.encode())
    assert (first.start_s, first.end_s, first.text, first.columns) == (1.5, 2.0, "Hello\n<i>you</i>", {"cue": "1"})
    assert second.start_s == 60.0 and second.line == 7
    vtt = b"WEBVTT\n\nNOTE a remark\n\n00:01.000 --> 00:02.500 align:start\n<v Ann>A &amp; B</v>\n"
    [cue] = read_events("a.vtt", vtt)
    assert (cue.start_s, cue.end_s, cue.text, cue.subject) == (1.0, 2.5, "A & B", "Ann")


ELAN = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="x" DATE="" FORMAT="3.0" VERSION="3.0">
<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"/>
<TIME_ORDER>
<TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="1000"/><TIME_SLOT TIME_SLOT_ID="ts2"/>
<TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="2000"/>
</TIME_ORDER>
<TIER TIER_ID="words@P1" PARTICIPANT="P1" LINGUISTIC_TYPE_REF="t">
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
<ANNOTATION_VALUE>one</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
<ANNOTATION_VALUE>two</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
<TIER TIER_ID="gloss" PARENT_REF="words@P1" LINGUISTIC_TYPE_REF="t"><ANNOTATION>
<REF_ANNOTATION ANNOTATION_ID="a3" ANNOTATION_REF="a2"><ANNOTATION_VALUE>zwei</ANNOTATION_VALUE></REF_ANNOTATION>
</ANNOTATION></TIER>
</ANNOTATION_DOCUMENT>"""


def test_elan_slots_without_a_time_and_annotations_upon_others():
    assert sorted(spoken(read_events("a.eaf", ELAN.encode()))) == [
        (1.0, 1.5, "one", "words", "P1"),
        (1.5, 2.0, "two", "words", "P1"),
        (1.5, 2.0, "zwei", "gloss", ""),
    ]


VIDEO_OF_ELAN = '<MEDIA_DESCRIPTOR MEDIA_URL="./{}.mp4" MIME_TYPE="{}/mp4" TIME_ORIGIN="{}"/>'


def elan_with(*media: str) -> bytes:
    return ELAN.replace('milliseconds"/>', f'milliseconds">{"".join(media)}</HEADER>').encode()


def test_times_of_elan_are_those_of_its_video():
    videos = [VIDEO_OF_ELAN.format(name, "video", 2500) for name in "ab"]
    found = read_events("a.eaf", elan_with(*videos, VIDEO_OF_ELAN.format("c", "audio", 80)))
    assert [(event.start_s, event.end_s) for event in found] == [(3.5, 4.0), (4.0, 4.5), (4.0, 4.5)]
    assert read_events("a.eaf", elan_with(VIDEO_OF_ELAN.format("a", "video", -400)))[0].start_s == 0.6


def test_what_overlaps_goes_to_a_further_tier_of_elan():
    events = (Event(0, 2, "a", "x"), Event(1, 3, "b", "x"), Event(2, 4, "c", "x"), Event(2, None, "d", "x"))
    text = write_events(events, "elan").decode()
    assert text.count("<TIER ") == 3
    assert sorted(spoken(read_events("a.eaf", text.encode())), key=str) == sorted(spoken(events), key=str)


def test_files_of_pympi(tmp_path):
    pympi = pytest.importorskip("pympi")
    document = pympi.Elan.Eaf(author="somebody")
    document.add_linked_file("session.mp4", mimetype="video/mp4")
    document.add_tier("mouth")
    document.add_annotation("mouth", 1000, 2500, "smile & <laugh>")
    document.add_annotation("mouth", 3000, 3500, "ë")
    document.to_file(str(tmp_path / "theirs.eaf"))
    theirs = read_events("theirs.eaf", (tmp_path / "theirs.eaf").read_bytes())
    assert spoken(theirs) == [(1.0, 2.5, "smile & <laugh>", "mouth", ""), (3.0, 3.5, "ë", "mouth", "")]

    (tmp_path / "ours.eaf").write_bytes(write_events(EVENTS, "elan", "session.mp4"))
    ours = pympi.Elan.Eaf(str(tmp_path / "ours.eaf"))
    assert set(ours.get_tier_names()) == {"marker@P1", "stimulus@P1", "stimulus@P2"}
    assert [entry[:3] for entry in ours.get_annotation_data_for_tier("stimulus@P1")] == [(1250, 2500, EVENTS[1].text)]
    assert ours.media_descriptors[0]["MEDIA_URL"] == "./session.mp4"


def bomb() -> str:
    entities = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(8))
    return f'<!DOCTYPE x [<!ENTITY a0 "ha">{entities}]><ANNOTATION_DOCUMENT>&a8;</ANNOTATION_DOCUMENT>'


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.xlsx", b"", 'not "xlsx"'),
        ("a.csv", b"x" * (MAX_BYTES + 1), "16 MB are the most"),
        ("a.csv", b"start_s,text\n" + b"1,x\n" * 20001, "more than 20000 events"),
        ("a.csv", b"start_s,mood\n1,x\n", 'known to say what happened; name that one "text"'),
        ("a.csv", b"onset,duration\n1,-2\n", "Line 2 .*negative"),
        ("a.csv", b"start_s,text,Text\n1,a,b\n", 'Line 1 .*"text" twice'),
        ("a.csv", b'start_s,text\n1,"' + b"x" * 140000 + b'"\n', "Line 2 .*cannot be read"),
        ("a.csv", b"start_s,text\n1,a\0b\n", "not text"),
        ("a.tsv", BORIS_TABLE.replace("STOP", "START").encode(), "Line 2.*starts twice"),
        ("a.tsv", BORIS_TABLE.rsplit("obs1", 1)[0].encode(), 'Line 2.*"smile" at 1 s never stops'),
        ("a.tsv", BORIS_TABLE.replace("POINT", "FOO").encode(), 'Line 3 .*"FOO"'),
        ("a.boris", b"[1,\n2", "Line 2 .*not JSON"),
        ("a.boris", b"[" * 100000, "not JSON"),
        ("a.boris", b'{"observations": NaN}', "not JSON"),
        ("a.boris", b"[]", "no BORIS project"),
        ("a.boris", b'{"observations": {}}', '"behaviors_conf" is missing'),
        ("a.boris", json.dumps(BORIS_PROJECT).replace('"nod", "", "tw', '"x", "", "tw').encode(), 'Event 2 .*"x"'),
        ("a.eaf", bomb().encode(), "document type or entities"),
        ("a.eaf", b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><ANNOTATION_DOCUMENT/>', "document type or entities"),
        ("a.eaf", b"<a>\n<b></a>", "Line 2 .*not XML"),
        ("a.eaf", b"<html/>", 'is "html"'),
        ("a.eaf", ELAN.replace('"ts3"/>', '"x"/>').replace('REF2="ts3"', 'REF2="x9"').encode(), "Line 11 .*time slot"),
        ("a.eaf", ELAN.replace('"2000"', '"2e3"').encode(), 'Line 6 .*"2e3"'),
        ("a.eaf", ELAN.replace('_REF="a2"', '_REF="a3"').encode(), "Line 14 .*stands upon"),
        (
            "a.eaf",
            elan_with(VIDEO_OF_ELAN.format("a", "video", 1), VIDEO_OF_ELAN.format("b", "video", 2)),
            "several videos with different time origins",
        ),
        ("a.eaf", elan_with(VIDEO_OF_ELAN.format("a", "video", "1.5")), 'Line 3 .*no time origin .*"1.5"'),
        ("a.srt", b"1\n00:00:02,000 --> 00:00:01,000\nx\n", "Line 2 .*ends before"),
        ("a.srt", b"1\nx\n", "Line 1 .*without times"),
        ("a.srt", b"1\n0:00 -> x --> 1\nx\n", "Line 2 .*no times"),
        ("a.txt", EPRIME_LOG.replace("12500", "soon").encode(), 'Line 5.*Face.onsettime".*"soon"'),
        ("a.txt", EPRIME_LOG.replace("*** LogFrame End ***", "").encode(), "Line 5 .*cut off"),
        ("a.csv", b"face.started,face.stopped\n2,1\n", "Line 2 .*before it starts"),
        ("a.log", PSYCHOPY_LOG.replace("3.0000", "0.5000").encode(), "Line 4 .*back in time"),
        ("a.csv", b'start_s,text\n"so\non",x\n', 'Line 2 .*"so on"'),
        ("a.csv", b"start_s,text\n1e11,x\n", "Line 2 .*no time"),
        ("a.csv", b"face.started\nsoon\n", 'Line 2 .*face.started" .*"soon"'),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(name, data, words):
    with pytest.raises(TimelineError, match=words) as caught:
        read_events(name, data)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("form", "events", "words"),
    [
        ("xml", EVENTS, '"xml"; choose one of: csv'),
        ("elan", [Event(-1, None, "x")], "before 0 s"),
        ("srt", [Event(-1, None, "x")], "before 0 s"),
        ("boris", [Event(0, 2, "x"), Event(1, 3, "x")], "overlap at 1 s"),
        ("boris", [Event(0, 2, "x"), Event(5, None, "x")], "rename one"),
    ],
)
def test_what_a_format_cannot_hold_is_said(form, events, words):
    with pytest.raises(TimelineError, match=words):
        write_events(events, form)


def test_expressions_go_to_elan_and_boris():
    rows = [reading(0, 1, "happy"), reading(0.25, 1, "happy"), nobody(0.5), reading(0.75, 1, "sad", 0.4)]
    rows += [reading(1.0, 1, "sad"), reading(1.25, 1, "sad")]
    events = expression_events(of_rows(rows).frame, Notes({1: "Ann"}, (), (Span(1.25, 2.0, "phone"),)))
    assert [(event.start_s, event.end_s, event.text) for event in events] == [
        (0.0, 0.5, "happy"),
        (0.75, 1.0, "uncertain"),
        (1.0, 1.25, "sad"),
    ]
    for form in ("elan", "boris"):
        again = read_events(f"x.{WRITTEN[form].extension}", write_events(events, form, "session.mp4"))
        assert spoken(again) == [(e.start_s, e.end_s, e.text, "expression", "Ann") for e in events]


def test_a_clock_is_fitted_to_pairs_of_moments():
    assert fitted([(10.0, 12.0)]) == Clock(2.0, 0.0, 1, 0.0)
    clock = fitted([(0.0, 5.0), (1000.0, 1005.5)])
    assert clock.offset_s == pytest.approx(5.0) and clock.drift == pytest.approx(0.0005)
    [event] = clock.corrected([Event(100.0, 200.0, "x")])
    assert (event.start_s, event.end_s) == (pytest.approx(105.05), pytest.approx(205.1))
    noisy = fitted([(0.0, 1.0), (100.0, 101.3), (200.0, 201.0)])  # by hand: the line is flat at +1.1
    assert noisy.offset_s == pytest.approx(1.1) and noisy.drift == pytest.approx(0.0)
    assert noisy.residual_s == pytest.approx(0.2) and "0.200 s off" in noisy.sentence()


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([], "at least one"),
        ([(1.0, float("nan"))], "at least one"),
        ([(1.0, 2.0), (1.0, 3.0)], "far apart"),
        ([(0.0, 0.0), (10.0, 12.0)], "20% faster"),
    ],
)
def test_moments_that_do_not_match_are_refused(pairs, words):
    with pytest.raises(TimelineError, match=words):
        fitted(pairs)
