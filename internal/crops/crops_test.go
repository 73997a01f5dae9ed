package crops_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/consentry/consentry/internal/crops"
	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/report"
)

// checks is a picture of squares of one pixel, black and white: all detail.
func checks(side int) *persons.Picture {
	p := &persons.Picture{Width: side, Height: side, RGB: make([]byte, 3*side*side)}
	for i := range side * side {
		if (i/side+i%side)%2 == 0 {
			copy(p.RGB[3*i:], []byte{255, 255, 255})
		}
	}
	return p
}

// sheet has one undeclared face, one of p1, one that may be none, and one whose picture is missing.
func sheet() *crops.Sheet {
	p1 := "p1"
	return &crops.Sheet{
		Name: "clip.mp4", DurationMs: 8000,
		Tracks: []report.PersonTrack{
			{ID: 1, Class: "confirmed", EndMs: 4000, Person: &p1},
			{ID: 2, Class: "confirmed", StartMs: 3200, EndMs: 7900},
			{ID: 3, Class: "possible", StartMs: 100, EndMs: 200},
			{ID: 4, Class: "confirmed", StartMs: 5000, EndMs: 5040},
		},
		Undeclared: []int{2, 4},
		Views:      []persons.View{{Track: 2, AtMs: 4200, Picture: checks(64)}, {Track: 4, AtMs: 5000, Why: "the frame did not come"}},
		Lanes:      []persons.Lane{{ID: "p1", Spans: []report.Span{{EndMs: 4000}}}, {ID: "p2", Always: true}, {ID: "p3"}},
	}
}

func write(t *testing.T, dir string, pixelate bool, s *crops.Sheet) string {
	t.Helper()
	f, err := crops.Open(dir, pixelate)
	if err != nil {
		t.Fatal(err)
	}
	path, err := f.Write("", s)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// elements walks a page as strictly as XML and hands out the names of the elements, all attributes, and the text.
func elements(t *testing.T, page string) (names []string, attrs []xml.Attr, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Entity = xml.HTMLEntity
	open := 0
	var all strings.Builder
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		switch x := tok.(type) {
		case xml.StartElement:
			names, attrs, open = append(names, x.Name.Local), append(attrs, x.Attr...), open+1
		case xml.EndElement:
			open--
		case xml.CharData:
			all.Write(x)
		}
	}
	if open != 0 {
		t.Fatalf("%d elements are not closed", open)
	}
	return names, attrs, all.String()
}

// xmlOf makes tags that stand alone in HTML into ones that XML knows.
func xmlOf(page string) string {
	for _, tag := range []string{"<meta ", "<img "} {
		parts := strings.Split(page, tag)
		for i := 1; i < len(parts); i++ {
			head, rest, _ := strings.Cut(parts[i], ">")
			parts[i] = head + "/>" + rest
		}
		page = strings.Join(parts, tag)
	}
	return page
}

// The page shows who was declared when, every track, the pictures, and why one is missing; it asks nobody for anything.
func TestPage(t *testing.T) {
	page := read(t, write(t, filepath.Join(t.TempDir(), "new", "deep"), false, sheet()))
	names, attrs, text := elements(t, xmlOf(page))
	for _, want := range []string{
		"declared: p1", "declared: p2 (at any time)", "declared: p3 (at no time that can be read)", "track 2: one more than is declared at this time", "track 1: in the region of p1",
		"track 3: may be no face", "track 2, seen 00:00:03.2 to 00:00:07.9; picture at 00:00:04.2", "No picture: the frame did not come.", "personal data",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	for _, a := range attrs {
		if slices.Contains([]string{"src", "href", "action", "data", "srcset"}, a.Name.Local) && !strings.HasPrefix(a.Value, "data:image/png;base64,") {
			t.Errorf("%s=%q leads outside", a.Name.Local, a.Value)
		}
		if strings.HasPrefix(a.Name.Local, "on") {
			t.Errorf("%s is script", a.Name.Local)
		}
	}
	for _, bad := range []string{"script", "link", "iframe", "object", "form", "a"} {
		if slices.Contains(names, bad) {
			t.Errorf("the page has <%s>", bad)
		}
	}
	policy := func(a xml.Attr) bool {
		return a.Value == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
	}
	if !slices.ContainsFunc(attrs, policy) {
		t.Error("no content security policy")
	}
	if n := strings.Count(page, "<img "); n != 1 {
		t.Errorf("%d pictures, want 1", n)
	}
}

// Who is declared without a region has none on the page; the timeline keeps a width that can be read, and scrolls with
// the keyboard, too.
func TestPage_counted(t *testing.T) {
	s := sheet()
	s.Tracks[0].Person = &s.Lanes[1].ID
	page := read(t, write(t, filepath.Join(t.TempDir(), "new"), false, s))
	if !strings.Contains(page, "counted for p2") || strings.Contains(page, "in the region of p2") {
		t.Errorf("p2 has a region on the page:\n%s", page)
	}
	for _, want := range []string{`<div class="time" tabindex="0" role="region"`, "min-width: 50rem", "prefers-color-scheme: dark", "<bdi>"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
}

// Whatever a file calls its people, it stays text, in sight and in its place.
func TestPage_hostileNames(t *testing.T) {
	for _, name := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</title><svg onload=alert(1)>`, "</style>", "a\u202egnp.exe", "{{.Name}}", "\x00\x1b[2J", "\xff\xfe", strings.Repeat("长", 5000),
	} {
		s := sheet()
		s.Name, s.Lanes[0].ID, s.Tracks[0].Person, s.Views[1].Why = name, name, &name, name
		page := read(t, write(t, t.TempDir(), false, s))
		clean, _, _ := elements(t, xmlOf(read(t, write(t, t.TempDir(), false, sheet()))))
		names, attrs, _ := elements(t, xmlOf(page))
		if !slices.Equal(names, clean) {
			t.Errorf("%q changes the elements of the page", name)
		}
		if slices.ContainsFunc(attrs, func(a xml.Attr) bool { return strings.HasPrefix(a.Name.Local, "on") }) {
			t.Errorf("%q makes an attribute", name)
		}
		if strings.ContainsAny(page, "\u202e\x00\x1b") || !utf8.ValidString(page) || len(page) > 100_000 {
			t.Errorf("%q reaches the page as it is (%d bytes)", name, len(page))
		}
	}
}

// A bar stands where its time is, and nothing is drawn outside of the picture however long a region says that it lasts.
func TestPage_bars(t *testing.T) {
	s := sheet()
	s.Lanes = []persons.Lane{{ID: "half", Spans: []report.Span{{StartMs: 2000, EndMs: 6000}}}, {ID: "late", Spans: []report.Span{{StartMs: 1 << 60, EndMs: 1 << 62}}}, {ID: "long", Spans: []report.Span{{EndMs: 1 << 62}}}}
	s.Tracks = nil
	page := read(t, write(t, t.TempDir(), false, s))
	for _, want := range []string{`class="declared" x="465" y="4" width="330"`, `class="declared" x="300" y="48" width="660"`} {
		if !strings.Contains(page, want) {
			t.Errorf("no bar %s", want)
		}
	}
	if n := strings.Count(page, "<rect "); n != 2 {
		t.Errorf("%d bars, want 2", n)
	}
}

// The timeline ends at its limit, and says what is left out.
func TestPage_limits(t *testing.T) {
	for n, want := range map[int]string{256: "", 257: "Tracks that are not drawn: 1."} {
		s := sheet()
		s.Tracks = nil
		for i := range n {
			s.Tracks = append(s.Tracks, report.PersonTrack{ID: i + 1, Class: "confirmed", EndMs: 40})
		}
		page := read(t, write(t, t.TempDir(), false, s))
		if got := strings.Contains(page, "Tracks that are not drawn"); got != (want != "") || !strings.Contains(page, want) {
			t.Errorf("%d tracks: said %v", n, got)
		}
	}
}

// Pictures are written beside the page, for their owner alone; pixelated ones are blocks of one colour.
func TestPictures(t *testing.T) {
	for _, pixelate := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "faces")
		path := write(t, dir, pixelate, sheet())
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("folder: %v, %v", info.Mode(), err)
		}
		list, _ := os.ReadDir(dir)
		for _, e := range list {
			if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", e.Name(), info.Mode(), err)
			}
		}
		if len(list) != 2 {
			t.Errorf("%d files, want a page and a picture", len(list))
		}
		img, err := png.Decode(strings.NewReader(read(t, filepath.Join(dir, "track-2.png"))))
		if err != nil || img.Bounds().Dx() != 64 {
			t.Fatalf("%v, %v", img, err)
		}
		edges := 0 // neighbours of another colour
		for y := range 64 {
			for x := range 63 {
				if img.At(x, y) != img.At(x+1, y) {
					edges++
				}
			}
		}
		if detail := edges > 64*9; detail == pixelate {
			t.Errorf("pixelated %v: %d edges", pixelate, edges)
		}
		if said := strings.Contains(read(t, path), "pixelated"); said != pixelate {
			t.Errorf("pixelated %v: the page says %v", pixelate, said)
		}
	}
}

// A folder that holds anything else is refused, and nothing in it is touched.
func TestOpen_foreign(t *testing.T) {
	for name, make := range map[string]func(dir string) error{
		"a file": func(dir string) error { return os.WriteFile(filepath.Join(dir, "thesis.odt"), nil, 0o600) },
		"a page of others": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "index.html"), []byte("<!DOCTYPE html>"), 0o600)
		},
		"pictures without page": func(dir string) error { return os.WriteFile(filepath.Join(dir, "track-1.png"), nil, 0o600) },
		"a hidden file":         func(dir string) error { return os.WriteFile(filepath.Join(dir, ".git"), nil, 0o600) },
		"a folder":              func(dir string) error { return os.Mkdir(filepath.Join(dir, "photos"), 0o700) },
		"an empty numbered one": func(dir string) error { return os.Mkdir(filepath.Join(dir, "001-a.mp4"), 0o700) },
		"a link":                func(dir string) error { return os.Symlink("/", filepath.Join(dir, "track-1.png")) },
		"a link as a page":      func(dir string) error { return os.Symlink("/etc/passwd", filepath.Join(dir, "index.html")) },
		"a file in a numbered": func(dir string) error {
			return errors.Join(os.Mkdir(filepath.Join(dir, "002-b"), 0o700), os.WriteFile(filepath.Join(dir, "002-b", "x"), nil, 0o600))
		},
		"a folder as a picture":  func(dir string) error { return os.Mkdir(filepath.Join(dir, "track-9.png"), 0o700) },
		"a numbered in numbered": func(dir string) error { return os.MkdirAll(filepath.Join(dir, "001-a", "002-b"), 0o700) },
	} {
		dir := t.TempDir()
		write(t, dir, false, sheet())
		_ = os.Remove(filepath.Join(dir, "track-2.png")) // only the page of ours is left
		if strings.Contains(name, "page") {
			_ = os.Remove(filepath.Join(dir, "index.html"))
		}
		if err := make(dir); err != nil {
			t.Fatal(err)
		}
		before, _ := os.ReadDir(dir)
		_, err := crops.Open(dir, false)
		var foreign *crops.ForeignError
		if !errors.As(err, &foreign) {
			t.Errorf("%s: %v", name, err)
		}
		if after, _ := os.ReadDir(dir); len(after) != len(before) {
			t.Errorf("%s: files were removed", name)
		}
	}
}

// What an earlier run left is taken away, so that no old face is taken for one of this run.
func TestOpen_again(t *testing.T) {
	dir := t.TempDir()
	f, err := crops.Open(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"", crops.SubFolder(1, "a.mp4"), crops.SubFolder(2, "a.mp4")} {
		if _, err := f.Write(sub, sheet()); err != nil {
			t.Fatal(err)
		}
	}
	if f, err = crops.Open(dir, false); err != nil {
		t.Fatal(err)
	}
	if list, _ := os.ReadDir(dir); len(list) != 0 {
		t.Errorf("%d files are left", len(list))
	}
	if path, err := f.Write("", &crops.Sheet{Name: "nobody.mp4"}); path != "" || err != nil {
		t.Errorf("a sheet without views: %q, %v", path, err)
	}
	if list, _ := os.ReadDir(dir); len(list) != 0 {
		t.Errorf("a sheet without views wrote %d files", len(list))
	}
}

// Nothing that is there is written over, and what cannot be written is an error.
func TestWrite_refuses(t *testing.T) {
	dir := t.TempDir()
	f, err := crops.Open(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "elsewhere"), filepath.Join(dir, "track-2.png")); err != nil { // since it was opened
		t.Fatal(err)
	}
	if _, err := f.Write("", sheet()); err == nil {
		t.Error("a link was followed")
	}
	if _, err := os.Lstat(filepath.Join(dir, "elsewhere")); err == nil {
		t.Error("a link was written through")
	}
	for _, sub := range []string{"../out", "a/b"} {
		if _, err := f.Write(sub, sheet()); err == nil {
			t.Errorf("%q was written", sub)
		}
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := crops.Open(file, false); err == nil {
		t.Error("a file was opened as a folder")
	}
}

// The name of a folder is safe whatever the file's is, and no two are one.
func TestSubFolder(t *testing.T) {
	for asset, want := range map[string]string{
		"clip.mp4": "001-clip.mp4", "/a/b/clip.mp4": "001-clip.mp4", "../..": "001-_", "..": "001-_", `c:\x\y.mov`: "001-y.mov", "-rf": "001-_rf",
		"a b\n<c>.mp4": "001-a_b__c_.mp4", "": "001-_", strings.Repeat("x", 300): "001-" + strings.Repeat("x", 64), "é": "001-__", "end...": "001-end",
	} {
		if got := crops.SubFolder(1, asset); got != want {
			t.Errorf("%q: %q, want %q", asset, got, want)
		}
	}
	if crops.SubFolder(12, "a") == crops.SubFolder(13, "a") || crops.SubFolder(1000, "a") != "1000-a" {
		t.Error("numbers are lost")
	}
}

func FuzzPage(f *testing.F) {
	for _, seed := range []string{"p1", "<b>", `"'`, "\u202e", "{{.}}", "]]>", "--><!--", "\xff"} {
		f.Add(seed, int64(1000), int64(2000))
	}
	var clean bytes.Buffer
	f.Fuzz(func(t *testing.T, name string, from, to int64) {
		if clean.Len() == 0 {
			names, _, _ := elements(t, xmlOf(read(t, write(t, t.TempDir(), false, sheet()))))
			clean.WriteString(strings.Join(names, " "))
		}
		s := sheet()
		s.Name, s.Lanes[0].ID, s.Tracks[0].Person = name, name, &name
		s.Lanes[1] = persons.Lane{ID: name, Spans: []report.Span{{StartMs: from, EndMs: to}}}
		names, _, _ := elements(t, xmlOf(read(t, write(t, t.TempDir(), false, s))))
		got := strings.ReplaceAll(strings.Join(names, " "), "rect title ", "")
		if want := strings.ReplaceAll(clean.String(), "rect title ", ""); got != want {
			t.Errorf("the elements differ: %s", got)
		}
	})
}
