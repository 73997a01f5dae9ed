package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/report"
)

func quiet() *program {
	return &program{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard}
}

// write makes files of a folder, each with the content given.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMediaInAFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"b.mp4": "", "a.MOV": "", "in/c.wav": "", "notes.txt": "", ".git/d.mp4": ""})
	if err := os.Symlink(dir, filepath.Join(dir, "loop.mp4")); err != nil {
		t.Fatal(err)
	}
	want := []string{"a.MOV", "b.mp4", "in/c.wav"}
	for i := range want {
		want[i] = filepath.Join(dir, want[i])
	}
	got, err := quiet().expandAssets([]string{dir}, 3)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := quiet().expandAssets([]string{dir}, 2); err == nil {
		t.Error("three files within a limit of two")
	}
	if _, err := quiet().expandAssets([]string{"a", "b", "c"}, 2); err == nil {
		t.Error("three arguments within a limit of two")
	}
}

func TestReadSmall(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte("12345"), 0o644); err != nil {
		t.Fatal(err)
	}
	if b, err := readSmall(name, 5); err != nil || string(b) != "12345" {
		t.Errorf("at the limit: %q, %v", b, err)
	}
	if b, err := readSmall(name, 4); err == nil || b != nil {
		t.Errorf("past the limit: %q", b)
	}
}

func TestBesideLooksUnderBothNames(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"both.mp4": "", "both.mp4.c2pa": "full", "both.c2pa": "short",
		"short.mp4": "", "short.c2pa": "short", "none.mp4": "", "own.c2pa": "the asset itself",
		"short.consent.jwt": "another file's",
	})
	for _, c := range []struct{ asset, suffix, want string }{
		{"both.mp4", ".c2pa", "full"},
		{"short.mp4", ".c2pa", "short"},
		{"none.mp4", ".c2pa", ""},
		{"own.c2pa", ".c2pa", ""},
		{"short.mp4", ".consent.jwt", ""},
	} {
		got, _, err := besideNamed(filepath.Join(dir, c.asset), c.suffix)
		if err != nil || string(got) != c.want {
			t.Errorf("%s%s: %q, %v; expected %q", c.asset, c.suffix, got, err, c.want)
		}
	}
}

func TestOpenFileRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, file, want string }{
		{"a-folder", dir, "is a folder"},
		{"a-device", "/dev/null", "is no regular file"},
		{"standard-input", "-", "standard input cannot be read at random"},
		{"nothing", filepath.Join(dir, "none"), "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, _, err := openFile(c.file)
			if f != nil || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestUnchanged(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(name string) error
		same bool
	}{
		{"left-alone", func(string) error { return nil }, true},
		{"written-to", func(name string) error { return os.WriteFile(name, []byte("longer than before"), 0o644) }, false},
		{"touched", func(name string) error { return os.Chtimes(name, time.Unix(1, 0), time.Unix(1, 0)) }, false},
		{"replaced", func(name string) error {
			if err := os.WriteFile(name+".new", []byte("x"), 0o644); err != nil {
				return err
			}
			return os.Rename(name+".new", name)
		}, false},
		{"removed", os.Remove, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(name, []byte("x"), 0o644); err != nil {
				t.Fatal(err)
			}
			f, _, err := openFile(name)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			changed, err := unchanged(f)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.do(name); err != nil {
				t.Fatal(err)
			}
			if err := changed(); (err == nil) != c.same {
				t.Errorf("got %v", err)
			}
		})
	}
}

// box is a top-level box of eight bytes and more.
func box(typ string, payload int) string {
	size := 8 + payload
	return string([]byte{byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)}) + typ + strings.Repeat("\x00", payload)
}

// Only what is no segment in any way is refused: what was changed or cut short is for the content hash to tell.
func TestCheckSegment(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"a segment":                  {box("styp", 8) + box("moof", 0) + box("mdat", 4), true},
		"one cut short":              {box("moof", 100)[:40], true},
		"one with another type":      {"\x00\x00\x00\x10mo\xefff\x00\x00\x00" + strings.Repeat("\x00", 8), true},
		"one with another length":    {"\x7f\x00\x00\x10moof" + strings.Repeat("\x00", 8), true},
		"one of an unknown type":     {box("what", 8) + box("moof", 0), true},
		"a box to the end":           {"\x00\x00\x00\x00what", true},
		"a few bytes":                {"\x00\x00", true},
		"nothing":                    {"", true},
		"a text":                     {"a note about the clip\n", false},
		"a picture":                  {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", false},
		"a box shorter than a box's": {"\x00\x00\x00\x07what", false},
	} {
		dir := t.TempDir()
		write(t, dir, map[string]string{"part": c.text})
		if err := checkSegment(filepath.Join(dir, "part")); (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), "part") {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := streams(t, 4)
	write(t, dir, map[string]string{"note.txt": "a note about the clip\n"})
	code, reports, talk := verdictOf(t, dir, "--fragment", filepath.Join(dir, "note.txt"), filepath.Join(dir, "low/init.mp4"))
	if code != exitUnknown || len(reports) != 0 || !strings.Contains(talk, "note.txt") {
		t.Errorf("exit %d, %d reports: %s", code, len(reports), talk)
	}
}

func TestFilesOfASet(t *testing.T) {
	dir := t.TempDir()
	for _, sub := range []string{"more", ".trash"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, dir, map[string]string{
		"init.mp4":      box("ftyp", 8) + box("moov", 0),
		"seg10.m4s":     box("styp", 8) + box("moof", 0) + box("mdat", 4),
		"seg9.m4s":      box("moof", 0) + box("mdat", 4),
		"more/a.m4s":    box("moof", 0),
		"more/b.m3u8":   "#EXTM3U\n",
		"list.m3u8":     "#EXTM3U\n",
		"short":         "\x00\x00",
		"lie":           "\x00\x00\x00\x02free",
		".hidden":       box("moov", 0),
		".trash/a.mp4":  box("moov", 0),
		"init.mp4.c2pa": "store",
	})
	got, err := lookThrough(context.Background(), dir, 3)
	if err != nil {
		t.Fatal(err)
	}
	want := &setFiles{inits: []string{"init.mp4"}, fragments: []string{"more/a.m4s", "seg9.m4s", "seg10.m4s"}, lists: []string{"list.m3u8"}, left: map[string]int{"": 2}}
	if !cmp.Equal(want, got, cmp.AllowUnexported(setFiles{})) {
		t.Errorf("got %+v", got)
	}
	if _, err := lookThrough(context.Background(), dir, 2); err == nil || !strings.Contains(err.Error(), "more than 2 fragments") {
		t.Errorf("one fragment past the limit: %v", err)
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	if _, err := lookThrough(stopped, dir, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	hidden := filepath.Join(dir, ".trash")
	if got, err := lookThrough(context.Background(), hidden, 3); err != nil || len(got.inits) != 1 {
		t.Errorf("a hidden folder that is named itself: %+v, %v", got, err)
	}
	if _, err := openSetFolder(context.Background(), t.TempDir(), nil, false); err == nil || !strings.Contains(err.Error(), "no file with a movie box") {
		t.Errorf("an empty folder: %v", err)
	}
}

// A folder of several initialization segments says by its playlist, or by its folders, which fragments belong to which;
// where neither does, it is refused.
func TestRenditionsOfAFolder(t *testing.T) {
	moov, moof := box("moov", 0), box("moof", 0)
	master := "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n"
	for _, c := range []struct {
		name       string
		files      map[string]string
		list       string // its playlist
		renditions string // without one
		refused    string
	}{
		{"a folder each", map[string]string{"a/init.mp4": moov, "a/1.m4s": moof, "b/i.mp4": moov, "b/seg/2.m4s": moof, "b/seg/10.m4s": moof}, "", "a: a/init.mp4 a/1.m4s; b: b/i.mp4 b/seg/2.m4s b/seg/10.m4s", ""},
		{"one in the folder itself", map[string]string{"init.mp4": moov, "1.m4s": moof, "b/i.mp4": moov, "b/2.m4s": moof}, "", "b: b/i.mp4 b/2.m4s; DIR: init.mp4 1.m4s", ""},
		{"two in one folder", map[string]string{"a.mp4": moov, "b.mp4": moov, "1.m4s": moof}, "", "", `"a.mp4" and "b.mp4" have a movie box`},
		{"a fragment beside none", map[string]string{"a/init.mp4": moov, "b/init.mp4": moov, "c/1.m4s": moof}, "", "", `the fragment "c/1.m4s"`},
		{"a presentation", map[string]string{"x.mpd": "<MPD/>", "all.m3u8": master, "a.mp4": moov, "b.mp4": moov}, "x.mpd", "", ""},
		{"a playlist of playlists", map[string]string{"all.m3u8": master, "a.m3u8": "#EXTM3U\n", "b.m3u8": "#EXTM3U\n", "a.mp4": moov, "b.mp4": moov}, "all.m3u8", "", ""},
		{"one playlist", map[string]string{"a.m3u8": "#EXTM3U\n", "a.mp4": moov, "b.mp4": moov}, "a.m3u8", "", ""},
		{"two presentations", map[string]string{"x.mpd": "<MPD/>", "y.mpd": "<MPD/>", "all.m3u8": master, "a/a.mp4": moov, "b/b.mp4": moov}, "", "a: a/a.mp4; b: b/b.mp4", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name := range c.files {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			write(t, dir, c.files)
			files, err := lookThrough(context.Background(), dir, maxSetFiles)
			if err != nil {
				t.Fatal(err)
			}
			list, err := files.playlist(dir)
			if err != nil || list != c.list {
				t.Errorf("playlist %q, %v", list, err)
			}
			if list != "" {
				return
			}
			all, err := files.renditions(dir)
			var said []string
			for _, r := range all {
				line := strings.ReplaceAll(r.Name, filepath.Base(dir), "DIR") + ":"
				for _, i := range r.Items {
					line += " " + i.Path
				}
				said = append(said, line)
			}
			if got := strings.Join(said, "; "); got != c.renditions {
				t.Errorf("got %s", got)
			}
			if refused := err != nil; refused != (c.refused != "") || refused && !strings.Contains(err.Error(), c.refused) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTopLevelLooksAtSixtyFourBoxes(t *testing.T) {
	dir := t.TempDir()
	for _, past := range []int{0, 1} {
		write(t, dir, map[string]string{"f": strings.Repeat(box("free", 0), maxTopBoxes-1+past) + box("moov", 0)})
		kind, err := topLevel(filepath.Join(dir, "f"))
		if err != nil || (kind == "moov") != (past == 0) {
			t.Errorf("%d past the bound: %q, %v", past, kind, err)
		}
	}
}

func TestNaturalLess(t *testing.T) {
	order := []string{"a", "a1", "a2", "a10", "a10b", "a010c", "b", "b-1", "b-2-x", "b-2-y"}
	for i := range order {
		for j := range order {
			if got := naturalLess(order[i], order[j]); got != (i < j) {
				t.Errorf("%s before %s: %v", order[i], order[j], got)
			}
		}
	}
}

// TestABugTakesOneFileOnly: a panic about one file of a batch is that file's "could not tell".
func TestABugTakesOneFileOnly(t *testing.T) {
	var out, talk bytes.Buffer
	p := &program{stdout: &out, stderr: &talk}
	o := &verifyOptions{format: "json", jobs: 2}
	err := p.writeBatch(&out, o, []*target{{name: "a"}, {name: "b"}}, func(t *target) *judged {
		if t.name == "a" {
			panic("boom")
		}
		r := unreadable("b", o, errors.New("x"))
		r.Verdict = report.Pass
		return &judged{name: t.name, res: &consentry.Result{Report: r}}
	})
	if err != nil || p.code != exitUnknown {
		t.Errorf("exit %d, %v", p.code, err)
	}
	if !strings.Contains(talk.String(), `"a": internal error: boom`) {
		t.Errorf("said %q", talk.String())
	}
	if err := schematest.Check(schematest.Batch, out.Bytes()); err != nil {
		t.Error(err)
	}
	if !strings.Contains(out.String(), `"verdict": "PASS"`) {
		t.Error("the other file has no answer")
	}
}

// TestRunSurvivesABug: whatever happens, the exit code is "could not tell" and standard error says why.
func TestRunSurvivesABug(t *testing.T) {
	var talk bytes.Buffer
	code := run(context.Background(), []string{"version"}, nil, panicking{}, &talk)
	if code != exitUnknown || !strings.Contains(talk.String(), "internal error: boom") {
		t.Errorf("exit %d, %q", code, talk.String())
	}
}

type panicking struct{}

func (panicking) Write([]byte) (int, error) { panic("boom") }

// TestATimeLimitEndsAFile: past --timeout the rest is not checked, which is no yes.
func TestATimeLimitEndsAFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "clip.mp4")
	write(t, dir, map[string]string{"clip.mp4": string(forge.Make(forge.Recipe{}).Data)})
	code, out, talk := asked(t, "verify", "--timeout", "1ns", "--format", "json", name)
	if code != exitUnknown || !strings.Contains(talk, "time") {
		t.Errorf("exit %d, %q", code, talk)
	}
	if err := schematest.Check(schematest.Report, []byte(out)); err != nil {
		t.Error(err)
	}
	for _, want := range []string{`"verdict": "INDETERMINATE"`, `"complete": false`} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in the report", want)
		}
	}
}

func TestProgressCounts(t *testing.T) {
	b := &progress{}
	r := b.reader(strings.NewReader("0123456789"))
	buf := make([]byte, 4)
	for _, at := range []int64{0, 6, 2} {
		if _, err := r.ReadAt(buf, at); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.read.Load(); got != 10 {
		t.Errorf("%d bytes, want 10", got)
	}
	var none *progress
	none.stop()
	if in := strings.NewReader("x"); none.reader(in) != io.ReaderAt(in) {
		t.Error("an unwatched reader is another one")
	}
}

// FuzzResolve: whatever is typed, no argument is lost or made up, and flags stand before files.
func FuzzResolve(f *testing.F) {
	seeds := []string{
		"verify a --profile ci", "verify -- --x a", "verify --trust=a,b c --strict", "trust list --format json", "--version", "help verify", "verify - -", "later -x --y z",
	}
	for _, s := range seeds {
		f.Add(s)
	}
	if len(seeds) < 5 {
		f.Fatal("too few seeds")
	}
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Fields(line)
		in, err := resolve(argTable(), args)
		if err != nil || in.command == nil || in.help || in.version {
			return
		}
		joined := strings.Join(in.argv(), "\x00")
		for _, file := range in.files {
			if !strings.Contains(line, file) {
				t.Errorf("%q was never typed", file)
			}
		}
		if len(joined) > 2*len(line)+len(args)+8 {
			t.Errorf("%d bytes became %d", len(line), len(joined))
		}
		for _, fl := range in.flags {
			if !strings.HasPrefix(fl, "-") {
				t.Errorf("%q stands among the flags", fl)
			}
		}
		if again, err := resolve(argTable(), in.argv()); err != nil || fmt.Sprint(again.argv()) != fmt.Sprint(in.argv()) {
			t.Errorf("sorting again gives %v, %v", again, err)
		}
	})
}

// TestLinksThatAreNamed: a link to a folder that is named itself is walked, one that lies in a folder is not, and one to
// nowhere says so and proposes nothing.
func TestLinksThatAreNamed(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("clips", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("clips/a.mp4", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, l := range [][2]string{{".", "clips/loop"}, {"clips", "named"}, {"nowhere.mp4", "gone.mp4"}} {
		if err := os.Symlink(l[0], l[1]); err != nil {
			t.Skip(err)
		}
	}
	p := &program{stderr: io.Discard}
	got, err := p.expandAssets([]string{"named"}, 10)
	if err != nil || !slices.Equal(got, []string{filepath.Join("named", "a.mp4")}) {
		t.Errorf("%v, %v", got, err)
	}
	err = checkFile("gone.mp4")
	var hinted *hintError
	if err == nil || !strings.Contains(err.Error(), "a link to a file that is not there") || errors.As(err, &hinted) {
		t.Errorf("%v", err)
	}
}

// TestAnInterruptedBatchSaysSoOnce: each file has its report, and stderr one line.
func TestAnInterruptedBatchSaysSoOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	names := []string{"a.mp4", "b.mp4", "c.mp4"}
	for _, name := range names {
		if err := os.WriteFile(name, forge.Make(forge.Recipe{NoStore: true}).Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, talk bytes.Buffer
	code := run(ctx, append([]string{"verify", "--frames", "off", "--no-state", "--format", "ndjson"}, names...), strings.NewReader(""), &out, &talk)
	if code != exitUnknown || strings.Count(out.String(), "\n") != 3 || strings.Count(out.String(), `"text":"the run was interrupted"`) != 3 {
		t.Errorf("exit %d\n%s", code, out.String())
	}
	if want := "consentry: error: the run was interrupted: 3 of 3 files not judged, or not to the end\n"; talk.String() != want {
		t.Errorf("%q", talk.String())
	}
}
