package forge_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/consentry/consentry/internal/forge"
)

// benchFiles names the folder that scripts/bench.sh wants its files in. Without it the test makes small ones.
var benchFiles = flag.String("bench-files", "", "write the benchmark's files into this `folder`")

// TestWriteBenchFiles makes the files that scripts/bench.sh measures: one file of many fragments, histories that are
// wide or deep, as an editor leaves them and with nothing but signatures and hashes, a clip of 50 kB.
func TestWriteBenchFiles(t *testing.T) {
	dir, fragments, wide, deep := *benchFiles, []int{40, 70}, 5, 4
	if dir == "" {
		dir = t.TempDir()
	} else {
		fragments, wide, deep = []int{4_000, 16_000, 64_000}, 200, 60
	}
	write := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	writeSegments(t, dir, fragments[0]/4, *benchFiles != "")
	for _, n := range fragments {
		// Proofs of five steps, as the reference implementation writes them.
		b := forge.Make(forge.Recipe{Merkle: &forge.Merkle{Fragments: n, Level: 5}})
		moofs := 0
		for _, r := range b.Roots {
			if r.Type == "moof" {
				moofs++
			}
		}
		if moofs != n {
			t.Errorf("%d fragments, expected %d", moofs, n)
		}
		write("fragments-"+strconv.Itoa(n)+".mp4", b.Data)
	}
	history := func(name string, m forge.Manifest, manifests int) {
		b := forge.Make(forge.Recipe{Manifest: m})
		if len(b.Labels) != manifests {
			t.Errorf("%s: %d manifests, expected %d", name, len(b.Labels), manifests)
		}
		write(name, b.Data)
	}
	history("wide.mp4", forge.Composed(wide), wide+1)
	history("deep.mp4", forge.Edited(deep), deep+1)
	history("wide-bare.mp4", forge.Wide(wide), wide+1)
	history("deep-bare.mp4", forge.Deep(deep), deep+1)
	clip := forge.Make(forge.Recipe{Container: forge.Container{Samples: 30, MediaSize: 1500}}).Data
	if n := len(clip); n < 48_000 || n > 52_000 {
		t.Errorf("the clip has %d bytes", n)
	}
	write("clip.mp4", clip)
	ca, tsa := forge.ChainPEM(forge.CA().Root.Cert), forge.ChainPEM(forge.TSA().Root.Cert)
	write("ca.pem", ca)
	write("tsa.pem", tsa)
	write("anchors.pem", append(slices.Clip(ca), tsa...)) // where one list is for both
	write("time", []byte(forge.Clock.Format("2006-01-02T15:04:05Z07:00")))
	if made, err := os.ReadFile(filepath.Join(dir, "clip.mp4")); err != nil || !bytes.Equal(made, clip) {
		t.Errorf("the clip was not written: %v", err)
	}
}

// writeSegments makes a DASH presentation of three renditions: 1,000 segments each, of 64 kB where it is measured.
func writeSegments(t *testing.T, dir string, n int, large bool) {
	t.Helper()
	m := forge.Merkle{Fragments: n, Set: true, Level: 3, Further: 2}
	if large {
		m.Media = 64 << 10 / 3 * 3
	}
	b := forge.Make(forge.Recipe{Merkle: &m})
	list := fmt.Sprintf(`<MPD type="static"><Period><AdaptationSet><SegmentTemplate initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Number$.m4s" endNumber="%d"/>`, n)
	for i, r := range append([]forge.Rendition{{Init: b.Data, Parts: b.Parts}}, b.Renditions...) {
		name := filepath.Join(dir, "dash", fmt.Sprint("r", i))
		if err := os.MkdirAll(name, 0o755); err != nil {
			t.Fatal(err)
		}
		list += fmt.Sprintf(`<Representation id="r%d"/>`, i)
		for k, p := range append([][]byte{r.Init}, r.Parts...) {
			file := filepath.Join(name, fmt.Sprintf("%d.m4s", k))
			if k == 0 {
				file = filepath.Join(name, "init.mp4")
			}
			if err := os.WriteFile(file, p, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	list += `</AdaptationSet></Period></MPD>`
	if err := os.WriteFile(filepath.Join(dir, "dash", "list.mpd"), []byte(list), 0o644); err != nil {
		t.Fatal(err)
	}
}
