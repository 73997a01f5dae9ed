package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/render"
)

// said runs a command line and gives what it writes on both streams.
func said(args ...string) (code int, out, talk string) {
	var o, e bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(""), &o, &e)
	return code, o.String(), e.String()
}

// An initialization segment alone is refused, and nobody says that it was changed: its fragments are missing.
func TestAnInitializationSegmentAloneIsNotCalledChanged(t *testing.T) {
	dir := streams(t, 3)
	init := filepath.Join(dir, "low", "init.mp4")
	code, reports, talk := verdictOf(t, dir, init)
	if code != exitNot || len(reports) != 1 {
		t.Fatalf("exit %d, %d reports: %s", code, len(reports), talk)
	}
	var text bytes.Buffer
	if err := render.Text(&text, reports[0], render.Options{}); err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(text.String(), "\n")
	if !strings.Contains(first, "fragments are missing: the initialization segment is as it was signed; name the playlist") {
		t.Errorf("first line %q", first)
	}
	if strings.Contains(text.String(), "was changed") || !strings.Contains(text.String(), "assertion.bmffHash.mismatch") {
		t.Errorf("%s", &text)
	}
	if strings.Count(text.String(), "\n  fragments: none was given\n") != 1 || !strings.Contains(text.String(), "integrity   unknown          fragments: none was given\n") {
		t.Errorf("what was not checked:\n%s", &text)
	}
	b, err := os.ReadFile(init)
	if err != nil {
		t.Fatal(err)
	}
	b[bytes.Index(b, []byte("ftyp"))+9] ^= 1 // the minor version
	write(t, dir, map[string]string{"low/init.mp4": string(b)})
	_, reports, _ = verdictOf(t, dir, init)
	if got := render.Headline(reports[0]); got != "the content was changed after it was signed" {
		t.Errorf("one that was changed: %q", got)
	}
}

// A folder is walked file by file; where a playlist or fragments lie in it the way to judge them as one asset is said.
func TestAWalkOfAFolderNamesTheSetInIt(t *testing.T) {
	dir := streams(t, 2)
	for _, c := range []struct {
		name   string
		folder string
		remove []string
		want   string
	}{
		{"a playlist", ".", nil, "consentry verify " + filepath.Join(dir, "list.m3u8")},
		{"a rendition with its own", "low", nil, "consentry verify " + filepath.Join(dir, "low", "list.m3u8")},
		{"fragments below", ".", []string{"list.mpd", "list.m3u8", "low/list.m3u8", "high/list.m3u8"}, "consentry verify --set " + dir},
		{"a file of its own", "one", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, name := range c.remove {
				os.Remove(filepath.Join(dir, name))
			}
			folder := filepath.Join(dir, c.folder)
			if err := os.MkdirAll(folder, 0o755); err != nil {
				t.Fatal(err)
			}
			if c.folder == "one" {
				write(t, folder, map[string]string{"clip.mp4": "no video"})
			}
			_, _, talk := said("verify", "--frames", "off", "--no-state", folder)
			if c.want == "" && strings.Contains(talk, "one by one") || !strings.Contains(talk, c.want) {
				t.Errorf("no %q in\n%s", c.want, talk)
			}
		})
	}
}

// What is named wrongly is told with the way that is right.
func TestSetsThatAreNamedWrongly(t *testing.T) {
	dir := streams(t, 2)
	list := filepath.Join(dir, "list.mpd")
	odd := filepath.Join(dir, "odd.mpd")
	write(t, dir, map[string]string{"odd.mpd": "<MDP></MDP>"})
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"inspect of a folder", []string{"inspect", dir}, "name it with --set"},
		{"a playlist as a folder", []string{"inspect", "--set", list}, "a playlist is named alone, without --set"},
		{"verify of a playlist as a folder", []string{"verify", "--set", list}, "a playlist is named alone, without --set"},
		{"a fragment of a playlist", []string{"verify", list, "--fragment", filepath.Join(dir, "low", "1.m4s")}, "names its fragments itself"},
		{"inspect of the same", []string{"inspect", list, "--fragment", filepath.Join(dir, "low", "1.m4s")}, "names its fragments itself"},
		{"no playlist", []string{"verify", "--no-state", odd}, "has the name of a playlist and does not begin like one"},
		{"inspect of no playlist", []string{"inspect", odd}, "has the name of a playlist and does not begin like one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, _, talk := said(c.args...)
			if code != exitUnknown || !strings.Contains(talk, c.want) {
				t.Errorf("exit %d, %s", code, talk)
			}
		})
	}
}

// inspect says of a set which file it shows, and which initialization segment a digest is of; one that is sound is not
// held against the digests of others.
func TestInspectOfSetsNamesItsFiles(t *testing.T) {
	dir := streams(t, 3)
	code, out, talk := said("inspect", "--hash", filepath.Join(dir, "list.mpd"))
	if code != 0 {
		t.Fatalf("exit %d: %s", code, talk)
	}
	for _, want := range []string{
		"list.mpd: a set of 8 files; size, tracks and boxes are those of\nlow/init.mp4: mp4",
		`digest of initialization segment of rendition "low" for merkle[0], sha256: as the assertion has it`,
		`digest of initialization segment "high/init.mp4" for merkle[1], sha256: as the assertion has it`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, ": the assertion has ") {
		t.Errorf("a digest that differs beside intact:\n%s", out)
	}
	_, out, _ = said("inspect", filepath.Join(dir, "low", "1.m4s"))
	if !strings.Contains(out, "1.m4s: mp4") || !strings.Contains(out, ", a fragment\n") || !strings.Contains(out, "in its initialization segment") {
		t.Errorf("a fragment:\n%s", out)
	}
	_, reports, _ := verdictOf(t, dir, filepath.Join(dir, "list.mpd"))
	var text bytes.Buffer
	if err := render.Text(&text, reports[0], render.Options{}); err != nil || !strings.Contains(text.String(), "all 6 fragments of the set, and 2 initialization segments") {
		t.Errorf("%v:\n%s", err, &text)
	}
}

// A rendition alone is as it was signed, and that another one is bound and was not given is said.
func TestARenditionThatWasNotGivenIsSaid(t *testing.T) {
	dir := streams(t, 3)
	_, reports, talk := verdictOf(t, dir, "--set", filepath.Join(dir, "low"))
	if len(reports) != 1 || *reports[0].Provenance.State != "trusted" || reports[0].Provenance.Integrity.State != "intact" {
		t.Fatalf("%s", talk)
	}
	times := 0
	for _, n := range reports[0].NotChecked {
		if n.What == "other renditions" && strings.Contains(n.Why, "1 of the 2") {
			times++
		}
	}
	if times != 1 {
		t.Errorf("%v", reports[0].NotChecked)
	}
}

// Renditions without a manifest share just that; where some have one and others not, inspect says so.
func TestInspectOfRenditionsWithoutAManifest(t *testing.T) {
	dir := streams(t, 2)
	bare := func(rendition string) {
		t.Helper()
		name := filepath.Join(dir, rendition, "init.mp4")
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.Index(b, []byte("uuid\xd8\xfe\xc3\xd6"))
		if at < 4 {
			t.Fatal("no box of a manifest")
		}
		copy(b[at:], "free")
		write(t, dir, map[string]string{rendition + "/init.mp4": string(b)})
	}
	list := filepath.Join(dir, "list.mpd")
	bare("low")
	if code, _, talk := said("inspect", list); code != exitUnknown || !strings.Contains(talk, "1 of 2 have one of their own") {
		t.Errorf("one of two: exit %d, %s", code, talk)
	}
	bare("high")
	code, out, talk := said("inspect", list, "--format", "json")
	var in render.Inspection
	if err := json.Unmarshal([]byte(out), &in); err != nil || code != 0 || in.Store != nil || in.Asset.Files != 6 || in.Asset.File != "low/init.mp4" {
		t.Errorf("%v, exit %d, %+v %s", err, code, in.Asset, talk)
	}
}
