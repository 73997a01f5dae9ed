package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/report"
)

// streams is a signed set of two renditions in a folder, with a DASH and an HLS playlist over them.
func streams(t *testing.T, fragments int) string {
	t.Helper()
	b := forge.Make(forge.Recipe{Merkle: &forge.Merkle{Fragments: fragments, Set: true, Level: 1, Further: 1}})
	dir := t.TempDir()
	files := map[string]string{
		"list.mpd": fmt.Sprintf(`<MPD type="static" mediaPresentationDuration="PT%dS"><Period><AdaptationSet>
			<SegmentTemplate initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Number$.m4s" duration="1"/>
			<Representation id="low"/><Representation id="high"/></AdaptationSet></Period></MPD>`, fragments),
		"list.m3u8": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow/list.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\nhigh/list.m3u8\n",
		"trust.pem": string(forge.ChainPEM(forge.CA().Root.Cert)),
	}
	for name, r := range map[string]forge.Rendition{"low": {Init: b.Data, Parts: b.Parts}, "high": b.Renditions[0]} {
		list := "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n"
		files[name+"/init.mp4"] = string(r.Init)
		for i, p := range r.Parts {
			files[fmt.Sprintf("%s/%d.m4s", name, i+1)] = string(p)
			list += fmt.Sprintf("#EXTINF:1,\n%d.m4s\n", i+1)
		}
		files[name+"/list.m3u8"] = list
	}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, dir, map[string]string{name: text})
	}
	return dir
}

// verdictOf runs verify in a folder and gives its reports.
func verdictOf(t *testing.T, dir string, args ...string) (code int, reports []*report.Report, talk string) {
	t.Helper()
	var out, stderr bytes.Buffer
	base := []string{
		"verify", "--trust-list", "none", "--trust", filepath.Join(dir, "trust.pem"), "--at", forge.Clock.Add(time.Hour).Format(time.RFC3339),
		"--frames", "off", "--no-state", "--format", "json",
	}
	code = run(context.Background(), append(base, args...), strings.NewReader(""), &out, &stderr)
	if out.Len() == 0 {
		return code, nil, stderr.String()
	}
	var batch struct {
		Schema  string           `json:"schema"`
		Reports []*report.Report `json:"reports"`
	}
	if err := json.Unmarshal(out.Bytes(), &batch); err != nil {
		t.Fatal(err)
	}
	schema := schematest.Report
	if batch.Reports == nil {
		var one report.Report
		if err := json.Unmarshal(out.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		batch.Reports = []*report.Report{&one}
	} else {
		schema = schematest.Batch
	}
	if err := schematest.Check(schema, out.Bytes()); err != nil {
		t.Error(err)
	}
	return code, batch.Reports, stderr.String()
}

// notIntact lists the files of a set that are not as signed.
func notIntact(r *report.Report) string {
	var out []string
	for _, f := range r.Provenance.Integrity.Fragments {
		if f.State != "intact" {
			name := f.Name
			if name == "" {
				name = fmt.Sprint("part ", *f.Location)
			}
			why, _, _ := strings.Cut(f.Why, ":")
			out = append(out, fmt.Sprintf("%s %s (%s)", name, f.State, why))
		}
	}
	return strings.Join(out, "; ")
}

func TestPlaylists(t *testing.T) {
	swap := func(t *testing.T, dir, a, b string) {
		x, y := filepath.Join(dir, a), filepath.Join(dir, b)
		for _, r := range [][2]string{{x, x + ".tmp"}, {y, x}, {x + ".tmp", y}} {
			if err := os.Rename(r[0], r[1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	copyTo := func(t *testing.T, dir, from, to string) {
		b, err := os.ReadFile(filepath.Join(dir, from))
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir, map[string]string{to: string(b)})
	}
	for _, c := range []struct {
		name   string
		change func(t *testing.T, dir string)
		state  string
		bad    string
	}{
		{"sound", func(*testing.T, string) {}, "trusted", ""},
		{"a missing fragment", func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, "high/2.m4s")) }, "invalid", "high/2.m4s missing (missing)"},
		{"a repeated fragment", func(t *testing.T, dir string) { copyTo(t, dir, "low/2.m4s", "low/3.m4s") }, "invalid", "low/3.m4s altered (repeated); part 2 missing (missing)"},
		{"two fragments exchanged", func(t *testing.T, dir string) { swap(t, dir, "low/2.m4s", "low/3.m4s") }, "invalid", "low/2.m4s altered (out of order); low/3.m4s altered (out of order)"},
		{"two fragments exchanged between renditions", func(t *testing.T, dir string) { swap(t, dir, "low/4.m4s", "high/4.m4s") }, "invalid", "low/4.m4s altered (it belongs to another rendition); high/4.m4s altered (it belongs to another rendition)"},
		{"two initialization segments exchanged", func(t *testing.T, dir string) { swap(t, dir, "low/init.mp4", "high/init.mp4") }, "invalid", "low/1.m4s altered (it belongs to another rendition); low/2.m4s altered (it belongs to another rendition); low/3.m4s altered (it belongs to another rendition); low/4.m4s altered (it belongs to another rendition); high/1.m4s altered (it belongs to another rendition); high/2.m4s altered (it belongs to another rendition); high/3.m4s altered (it belongs to another rendition); high/4.m4s altered (it belongs to another rendition)"},
		{"a foreign fragment", func(t *testing.T, dir string) {
			other := forge.Make(forge.Recipe{Merkle: &forge.Merkle{Fragments: 4, Set: true, Level: 1, Aux: func(_ int, m *forge.Map) { m.Set("uniqueId", 1) }}})
			write(t, dir, map[string]string{"low/2.m4s": string(other.Parts[1])})
		}, "invalid", "low/2.m4s altered (foreign); part 1 missing (missing)"},
		{"a changed fragment", func(t *testing.T, dir string) {
			b, _ := os.ReadFile(filepath.Join(dir, "high/1.m4s"))
			b[len(b)-1] ^= 1
			write(t, dir, map[string]string{"high/1.m4s": string(b)})
		}, "invalid", "high/1.m4s altered (its hash is not the one that was signed)"},
	} {
		for _, list := range []string{"list.mpd", "list.m3u8"} {
			t.Run(list+"/"+c.name, func(t *testing.T) {
				dir := streams(t, 4)
				c.change(t, dir)
				_, reports, talk := verdictOf(t, dir, filepath.Join(dir, list))
				if len(reports) != 1 || reports[0].Provenance.State == nil {
					t.Fatalf("%d reports: %s", len(reports), talk)
				}
				r := reports[0]
				if *r.Provenance.State != c.state {
					t.Errorf("state %s, expected %s", *r.Provenance.State, c.state)
				}
				if got := notIntact(r); got != c.bad {
					t.Errorf("%s\nexpected\n%s", got, c.bad)
				}
				if n := len(r.Provenance.Integrity.Fragments); n < 9 { // four fragments each, and a further initialization segment
					t.Errorf("%d rows", n)
				}
				var text bytes.Buffer
				if err := render.Text(&text, r, render.Options{}); err != nil || c.bad != "" && !strings.Contains(text.String(), strings.Fields(c.bad)[0]) {
					t.Errorf("%v; the text does not name %s:\n%s", err, strings.Fields(c.bad)[0], &text)
				}
			})
		}
	}
}

// A folder of renditions is judged as its playlist would have it, and without one by its folders. Files with pictures
// that the playlist does not name are told.
func TestFolderOfRenditions(t *testing.T) {
	for _, c := range []struct {
		name   string
		remove []string
		change string // a file that is changed
		more   string // a file that is put there
		state  string
		said   string
	}{
		{"by its playlist", nil, "", "", "trusted", ""},
		{"by its folders", []string{"list.mpd", "list.m3u8"}, "", "", "trusted", ""},
		{"by its folders, one fragment changed", []string{"list.mpd", "list.m3u8"}, "high/2.m4s", "", "invalid", ""},
		{"a file that the playlist does not name", nil, "", "high/other.m4s", "trusted", `1 file with pictures or sound in the folder that its playlist does not name; the first is "high/other.m4s"`},
		{"a fragment more", []string{"list.mpd", "list.m3u8"}, "", "high/other.m4s", "invalid", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := streams(t, 4)
			for _, name := range c.remove {
				os.Remove(filepath.Join(dir, name))
			}
			b, err := os.ReadFile(filepath.Join(dir, "high/2.m4s"))
			if err != nil {
				t.Fatal(err)
			}
			if c.more != "" {
				write(t, dir, map[string]string{c.more: string(b)})
			}
			if c.change != "" {
				b[len(b)-1] ^= 1
				write(t, dir, map[string]string{c.change: string(b)})
			}
			_, reports, talk := verdictOf(t, dir, "--set", dir)
			if len(reports) != 1 || reports[0].Provenance.State == nil {
				t.Fatalf("%d reports: %s", len(reports), talk)
			}
			r := reports[0]
			if *r.Provenance.State != c.state || c.change != "" && !strings.Contains(notIntact(r), c.change) {
				t.Errorf("state %s: %s", *r.Provenance.State, notIntact(r))
			}
			if n := len(r.Provenance.Integrity.Fragments); n < 9 {
				t.Errorf("%d rows", n)
			}
			said := ""
			for _, n := range r.NotChecked {
				if n.What == "other files of the folder" && strings.Contains(n.Why, "pictures or sound in") {
					said = n.Why
				}
			}
			if said != c.said {
				t.Errorf("said %q", said)
			}
		})
	}
}

// inspect holds every file of a set against the content hash, as it does one file.
func TestSetsAreInspected(t *testing.T) {
	dir := streams(t, 3)
	b, err := os.ReadFile(filepath.Join(dir, "high/2.m4s"))
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-1] ^= 1
	write(t, dir, map[string]string{"high/2.m4s": string(b)})
	low := filepath.Join(dir, "low")
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"a playlist", []string{filepath.Join(dir, "list.mpd")}, []string{"c2pa.hash.bmff.v3: altered", "6 of 7 parts as signed", `"high/2.m4s": its hash is not the one that was signed`}},
		{"a folder", []string{"--set", dir}, []string{"6 of 7 parts as signed", `"high/2.m4s": its hash is not the one that was signed`}},
		{"one rendition", []string{"--set", low}, []string{"c2pa.hash.bmff.v3: intact", "3 of 3 parts as signed"}},
		{"fragments by name", []string{filepath.Join(low, "init.mp4"), "--fragment", filepath.Join(low, "2.m4s"), "--fragment", filepath.Join(low, "1.m4s")}, []string{"c2pa.hash.bmff.v3: altered", "0 of 2 parts as signed", "out of order"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, form := range []string{"text", "json"} {
				var out, talk bytes.Buffer
				code := run(context.Background(), append([]string{"inspect", "--hash", "--format", form}, c.args...), strings.NewReader(""), &out, &talk)
				if code != 0 {
					t.Fatalf("exit %d: %s", code, &talk)
				}
				if form == "json" {
					var in render.Inspection
					if err := json.Unmarshal(out.Bytes(), &in); err != nil || in.Content == nil || len(in.Content.Parts) < 2 {
						t.Errorf("%v: %+v", err, in.Content)
					}
					continue
				}
				for _, want := range c.want {
					if !strings.Contains(out.String(), want) {
						t.Errorf("no %q in\n%s", want, &out)
					}
				}
			}
		})
	}
	var talk bytes.Buffer
	if code := run(context.Background(), []string{"inspect", "--set", dir, "x.mp4"}, strings.NewReader(""), &talk, &talk); code != exitUnknown {
		t.Errorf("a folder and a file: exit %d", code)
	}
}

// Renditions with manifests of their own are judged each by itself.
func TestPlaylistOfSeveralManifests(t *testing.T) {
	dir := streams(t, 3)
	other := forge.Make(forge.Recipe{Merkle: &forge.Merkle{Fragments: 3, Set: true}, Manifest: forge.Manifest{Label: "urn:c2pa:F9168C5E-CEB2-4FAA-B6BF-329BF39FA1E4"}})
	write(t, dir, map[string]string{"high/init.mp4": string(other.Data)})
	for i, p := range other.Parts {
		write(t, dir, map[string]string{fmt.Sprintf("high/%d.m4s", i+1): string(p)})
	}
	_, reports, talk := verdictOf(t, dir, filepath.Join(dir, "list.mpd"))
	if len(reports) != 2 {
		t.Fatalf("%d reports: %s", len(reports), talk)
	}
	for i, name := range []string{"list.mpd [low]", "list.mpd [high]"} {
		if r := reports[i]; *r.Provenance.State != "trusted" || !strings.HasSuffix(r.Asset.Name, name) || len(r.Provenance.Integrity.Fragments) != 3 {
			t.Errorf("%s: %s, %d fragments", r.Asset.Name, *r.Provenance.State, len(r.Provenance.Integrity.Fragments))
		}
	}
}

// A playlist may play one file by ranges: it is judged as that file.
func TestPlaylistOfRanges(t *testing.T) {
	b := forge.Make(forge.Recipe{Merkle: &forge.Merkle{Fragments: 3}})
	var starts []int64
	for i, s := range b.Roots {
		if s.Type == "moof" {
			starts = append(starts, b.Roots[i-1].Offset)
		}
	}
	starts = append(starts, int64(len(b.Data)))
	text := func(order ...int) string {
		s := fmt.Sprintf("#EXTM3U\n#EXT-X-MAP:URI=\"v.mp4\",BYTERANGE=\"%d@0\"\n", starts[0])
		for _, i := range order {
			s += fmt.Sprintf("#EXT-X-BYTERANGE:%d@%d\nv.mp4\n", starts[i+1]-starts[i], starts[i])
		}
		return s
	}
	dir := t.TempDir()
	write(t, dir, map[string]string{"v.mp4": string(b.Data), "trust.pem": string(forge.ChainPEM(forge.CA().Root.Cert)), "good.m3u8": text(0, 1, 2), "back.m3u8": text(0, 2, 1), "twice.m3u8": text(0, 1, 1)})
	_, reports, talk := verdictOf(t, dir, filepath.Join(dir, "good.m3u8"))
	if len(reports) != 1 || *reports[0].Provenance.State != "trusted" {
		t.Errorf("%d reports: %s", len(reports), talk)
	}
	for _, list := range []string{"back.m3u8", "twice.m3u8"} {
		if code, _, talk := verdictOf(t, dir, filepath.Join(dir, list)); code != exitUnknown || !strings.Contains(talk, "out of order or twice") {
			t.Errorf("%s: exit %d: %s", list, code, talk)
		}
	}
}

// What leads out of the playlist's folder is refused, by name or by link; a link inside of it is not.
func TestPlaylistsStayInTheirFolder(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(t *testing.T, dir string)
		said   string // empty: it is judged
	}{
		{"a path up", func(t *testing.T, dir string) { write(t, dir, map[string]string{"list.mpd": "#EXTM3U\n../x.m4s\n"}) }, "leads out"},
		{"an address", func(t *testing.T, dir string) {
			write(t, dir, map[string]string{"list.mpd": "#EXTM3U\nhttps://example.com/x.m4s\n"})
		}, "nothing is fetched"},
		{"a link out of the folder", func(t *testing.T, dir string) {
			out := t.TempDir()
			write(t, out, map[string]string{"x": "x"})
			relink(t, filepath.Join(out, "x"), filepath.Join(dir, "low/2.m4s"))
		}, "escapes"},
		{"a folder that is a link out", func(t *testing.T, dir string) {
			out := t.TempDir()
			if err := os.Rename(filepath.Join(dir, "low"), filepath.Join(out, "low")); err != nil {
				t.Fatal(err)
			}
			relink(t, filepath.Join(out, "low"), filepath.Join(dir, "low"))
		}, "escapes"},
		{"a link inside the folder", func(t *testing.T, dir string) {
			if err := os.Rename(filepath.Join(dir, "low/2.m4s"), filepath.Join(dir, "two")); err != nil {
				t.Fatal(err)
			}
			relink(t, "../two", filepath.Join(dir, "low/2.m4s"))
		}, ""},
		{"a folder in place of a segment", func(t *testing.T, dir string) {
			os.Remove(filepath.Join(dir, "low/2.m4s"))
			if err := os.Mkdir(filepath.Join(dir, "low/2.m4s"), 0o755); err != nil {
				t.Fatal(err)
			}
		}, "no regular file"},
		{"no initialization segment", func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, "low/init.mp4")) }, "is not there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := streams(t, 3)
			c.change(t, dir)
			code, reports, talk := verdictOf(t, dir, filepath.Join(dir, "list.mpd"))
			if c.said == "" {
				if len(reports) != 1 || *reports[0].Provenance.State != "trusted" {
					t.Errorf("%d reports: %s", len(reports), talk)
				}
				return
			}
			if code != exitUnknown || !strings.Contains(talk, c.said) {
				t.Errorf("exit %d: %s, expected %q", code, talk, c.said)
			}
		})
	}
}

func relink(t *testing.T, to, at string) {
	t.Helper()
	os.Remove(at)
	if err := os.Symlink(to, at); err != nil {
		t.Fatal(err)
	}
}

// A folder whose manifest lies beside its playlist, or beside itself.
func TestCollections(t *testing.T) {
	good := func() *forge.Built {
		for _, c := range forge.Compound() {
			if c.Name == "a folder: as it was signed" {
				return forge.Make(c.Recipe)
			}
		}
		t.Fatal("no such file")
		return nil
	}()
	for _, c := range []struct {
		name   string
		change func(t *testing.T, dir string)
		state  string
		bad    string
	}{
		{"sound", func(*testing.T, string) {}, "intact", ""},
		{"a changed file", func(t *testing.T, dir string) { write(t, dir, map[string]string{"seg/1.m4s": "other"}) }, "altered", "seg/1.m4s altered (it has 5 bytes, signed were 424)"},
		{"a missing file", func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, "seg/2.m4s")) }, "altered", "seg/2.m4s missing (missing)"},
		{"a store that nobody uses", func(t *testing.T, dir string) { write(t, dir, map[string]string{"seg/9.c2pa": "more"}) }, "partial", "seg/9.c2pa added (added)"},
		{"an added file", func(t *testing.T, dir string) { write(t, dir, map[string]string{"seg/9.m4s": "more"}) }, "partial", "seg/9.m4s added (added)"},
	} {
		for _, by := range []string{"playlist", "folder", "first segment", "named", "named by a link"} {
			t.Run(by+"/"+c.name, func(t *testing.T) {
				top := t.TempDir()
				dir := filepath.Join(top, "show")
				if err := os.MkdirAll(filepath.Join(dir, "seg"), 0o755); err != nil {
					t.Fatal(err)
				}
				for name, b := range good.Folder {
					write(t, dir, map[string]string{name: string(b)})
				}
				write(t, top, map[string]string{"trust.pem": string(forge.ChainPEM(forge.CA().Root.Cert))})
				args := []string{filepath.Join(dir, "list.m3u8")}
				switch by {
				case "playlist":
					write(t, dir, map[string]string{"list.m3u8.c2pa": string(good.Store)})
				case "first segment":
					write(t, dir, map[string]string{"init.c2pa": string(good.Store)})
					args = []string{"--set", dir}
				case "named", "named by a link":
					write(t, dir, map[string]string{"all.c2pa": string(good.Store)})
					args = append(args, "--manifest", filepath.Join(dir, "all.c2pa"))
					if by == "named by a link" {
						if err := os.Symlink(dir, filepath.Join(top, "link")); err != nil {
							t.Fatal(err)
						}
						args[2] = filepath.Join(top, "link", "all.c2pa")
					}
				default:
					write(t, top, map[string]string{"show.c2pa": string(good.Store)})
					args = []string{"--set", dir}
				}
				c.change(t, dir)
				_, reports, talk := verdictOf(t, top, args...)
				if len(reports) != 1 {
					t.Fatalf("%d reports: %s", len(reports), talk)
				}
				r := reports[0]
				if got := notIntact(r); r.Provenance.Integrity.State != c.state || got != c.bad {
					t.Errorf("%s: %s, expected %s: %s", r.Provenance.Integrity.State, got, c.state, c.bad)
				}
			})
		}
	}
}

// A recorded live stream is judged segment by segment; without a manifest of its own nobody vouches for it.
func TestLiveRecording(t *testing.T) {
	for _, c := range []struct {
		name   string
		stream forge.LiveStream
		drop   bool // the manifest of the initialization segment
		state  string
		bad    string
		code   string
	}{
		{"sound", forge.LiveStream{}, false, "trusted", "", ""},
		{"replayed", forge.LiveStream{Order: []int{0, 1, 1, 2}}, false, "invalid", "2.m4s altered (livevideo.segment.invalid)", "livevideo.segment.invalid"},
		{"nobody vouches for it", forge.LiveStream{}, true, "absent", "", "livevideo.init.invalid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := c.stream.Make()
			if c.drop {
				b.Data = append(bytes.Clone(b.Data[:24]), b.Data[bytes.Index(b.Data, []byte("moov"))-4:]...)
			}
			dir := t.TempDir()
			files := map[string]string{"init.mp4": string(b.Data), "trust.pem": string(forge.ChainPEM(forge.CA().Root.Cert))}
			list := "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n"
			for i, p := range b.Parts {
				files[fmt.Sprintf("%d.m4s", i)] = string(p)
				list += fmt.Sprintf("%d.m4s\n", i)
			}
			files["live.m3u8"] = list
			write(t, dir, files)
			code, reports, talk := verdictOf(t, dir, filepath.Join(dir, "live.m3u8"))
			if len(reports) != 1 {
				t.Fatalf("%d reports: %s", len(reports), talk)
			}
			r := reports[0]
			if *r.Provenance.State != c.state || notIntact(r) != c.bad || c.code != "" && !report.Has(r.Findings, c.code) {
				t.Errorf("%s, %s: %v", *r.Provenance.State, notIntact(r), r.Findings)
			}
			if c.code != "" && (code == exitMeets || r.Verdict == report.Pass) {
				t.Errorf("exit %d, %s", code, r.Verdict)
			}
		})
	}
}
