"""The download is tested against a server on this machine; nothing here needs the network."""

from __future__ import annotations

import errno
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sociophysics.errors import InputError
from sociophysics.rollcall import fetch_voteview, read_voteview

FILES = {
    "votes": (
        "congress,chamber,rollnumber,icpsr,cast_code,prob\n"
        "117,Senate,1,1,1,99\n117,Senate,1,2,6,99\n117,Senate,2,1,6,99\n117,Senate,2,2,6,\n"
    ),
    "members": (
        "congress,chamber,icpsr,state_abbrev,party_code,bioname,bioguide_id\n"
        '117,Senate,1,ME,100,"ABLE, Ann",A1\n117,Senate,2,NH,200,"BAKER, Bob",B1\n'
    ),
    "rollcalls": (
        "congress,chamber,rollnumber,date,session\n117,Senate,1,2021-01-06,1\n"
        "117,Senate,2,2021-01-07,1\n"
    ),
}


class Site:
    """A server whose answers a test can change, and that counts what it was asked."""

    def __init__(self):
        self.answers = {f"/{kind}/S117_{kind}.csv": text for kind, text in FILES.items()}
        self.cut = set()
        self.asked = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                text = site.answers.get(self.path)
                if text is None:
                    self.send_error(404)
                    return
                body = text.encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if self.path in site.cut else body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def site():
    server = Site()
    yield server
    server.close()


def fetch(site, cache, chamber="S117"):
    return fetch_voteview(chamber, cache=cache, base_url=site.url)


def kept(cache):
    return sorted(path.name for path in cache.rglob("*")) if cache.exists() else []


def test_files_are_downloaded_once_and_read_offline(site, tmp_path):
    files = fetch(site, tmp_path / "cache")
    assert read_voteview(*files).matrix.tolist() == [[1, -1], [-1, -1]]
    assert len(site.asked) == 3
    site.close()
    assert fetch(site, tmp_path / "cache") == files
    assert len(site.asked) == 3
    assert kept(tmp_path / "cache") == ["S117_members.csv", "S117_rollcalls.csv", "S117_votes.csv"]
    site.__init__()


def test_the_number_of_the_congress_is_padded(site, tmp_path):
    for kind, text in FILES.items():
        site.answers[f"/{kind}/S095_{kind}.csv"] = text.replace("117,", "95,")
    assert fetch(site, tmp_path, "S95").votes.name == "S095_votes.csv"


@pytest.mark.parametrize("chamber", ["117", "X117", "S1170", "S117/..", "", "s117"])
def test_names_that_are_no_chamber_are_refused_without_asking(site, tmp_path, chamber):
    with pytest.raises(InputError, match="is not a chamber; allowed: H, S or HS"):
        fetch(site, tmp_path, chamber)
    assert site.asked == []


def changed(kind, text):
    return lambda site: site.answers.update({f"/{kind}/S117_{kind}.csv": text})


WRONG = {
    "not there": (lambda site: site.answers.pop("/votes/S117_votes.csv"), "could not be fetched"),
    "cut connection": (lambda site: site.cut.add("/votes/S117_votes.csv"), "truncated"),
    "cut within a line": (changed("rollcalls", FILES["rollcalls"][:-3]), "ends within a line"),
    "cut between lines": (
        changed("votes", FILES["votes"][: FILES["votes"].index("117,Senate,2")]),
        "lacks 1 of 2 roll calls, so it is truncated",
    ),
    "web page": (changed("votes", "<!DOCTYPE html>\n<html>busy</html>\n"), "is a web page"),
    "empty": (changed("votes", ""), "is empty"),
    "header only": (changed("members", FILES["members"].split("\n")[0] + "\n"), "no rows"),
    "other columns": (changed("votes", "a,b\n1,2\n"), "no column congress"),
    "other chamber": (
        changed("votes", FILES["votes"].replace("Senate", "House")),
        "holds votes of House",
    ),
    "other congress": (changed("votes", FILES["votes"].replace("117,", "116,")), "Congress 116"),
    "no number": (changed("votes", FILES["votes"].replace("Senate,1", "Senate,x")), "whole number"),
}


@pytest.mark.parametrize(("change", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_wrong_answers_are_refused_and_nothing_is_kept(site, tmp_path, change, sentence):
    cache = tmp_path / "cache"
    change(site)
    with pytest.raises(InputError, match=sentence) as error:
        fetch(site, cache)
    assert "\n" not in str(error.value)
    assert kept(cache) == []
    site.answers |= {f"/{kind}/S117_{kind}.csv": text for kind, text in FILES.items()}
    site.cut.clear()
    assert read_voteview(*fetch(site, cache)).n_members == 2


def test_without_a_server_there_is_one_sentence(site, tmp_path):
    site.close()
    with pytest.raises(InputError, match=r"could not be downloaded .*check the connection"):
        fetch(site, tmp_path)
    site.__init__()


def test_a_failed_update_leaves_what_was_there(site, tmp_path):
    files = fetch(site, tmp_path)
    files.members.unlink()
    before = files.votes.read_text()
    changed("votes", "<html>")(site)
    with pytest.raises(InputError, match="web page"):
        fetch(site, tmp_path)
    assert files.votes.read_text() == before


def test_a_disk_without_room_is_told_as_such(site, tmp_path, monkeypatch):
    def full(url, output_file, pooch):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("sociophysics.rollcall.fetch._stream", full)
    with pytest.raises(InputError, match=r"no space is left on the disk of .*nothing half is kept"):
        fetch_voteview("S117", cache=tmp_path / "cache", base_url=site.url)
    assert list((tmp_path / "cache").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot be used \(Not a directory\)"):
        fetch_voteview("S117", cache=tmp_path / "file" / "below", base_url=site.url)
    assert site.asked == []
