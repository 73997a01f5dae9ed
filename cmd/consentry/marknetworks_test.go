package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/watermark/neural"
)

// readerModel writes a graph that takes and gives what a network of a kind does, and computes nothing.
func readerModel(t *testing.T, kind neural.Kind) (path, sum string) {
	t.Helper()
	in := forge.ModelValue{Name: "image", Type: 1, Shape: []int64{1, 3, 256, 256}}
	out := forge.ModelValue{Name: "bits", Type: 1, Shape: []int64{1, int64(kind.Bits())}}
	switch kind {
	case neural.RivaGAN:
		in.Shape = []int64{1, 3, 1, -1, -1}
	case neural.VideoSeal:
		out.Shape = []int64{1, 257}
	case neural.PerTh:
		in.Shape, out.Shape = []int64{1, 1025, 301}, []int64{1, 1}
	case neural.AudioSeal:
		in.Shape, out.Shape = []int64{1, 1, -1}, []int64{1, 18, -1}
	}
	b := forge.Model{Inputs: []forge.ModelValue{in}, Outputs: []forge.ModelValue{out}}.Bytes()
	path = filepath.Join(t.TempDir(), string(kind)+":a.onnx") // a colon in a name is no separator
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	s := sha256.Sum256(b)
	return path, hex.EncodeToString(s[:])
}

func TestMarkNetworks(t *testing.T) {
	var all []string
	for _, k := range neural.Kinds {
		path, sum := readerModel(t, k)
		all = append(all, string(k)+":"+strings.ToUpper(sum)+":"+path)
	}
	nets, err := markNetworks(all, "")
	if err != nil || len(nets) != maxMarkNetworks {
		t.Fatalf("%d networks, %v", len(nets), err)
	}
	for i, n := range nets {
		if n.Network.Kind != neural.Kinds[i] || len(n.SHA256) != 64 {
			t.Errorf("%+v", n)
		}
	}
	if _, err := markNetworks(append(all, all[0]), ""); err == nil || !strings.Contains(err.Error(), "6 networks can look") {
		t.Errorf("one too many: %v", err)
	}
	if _, err := markNetworks([]string{all[1], all[1]}, ""); err == nil || !strings.Contains(err.Error(), "two networks of kind") {
		t.Errorf("one twice: %v", err)
	}
	if m, err := ownMessages([]string{"rivaGan:32:9B0E23C5", "dwtDct:48:B3EC907BB19E"}, nets); err != nil || len(m) != 2 {
		t.Errorf("%v, %v", m, err)
	}
	if _, err := ownMessages([]string{"videoseal:32:9B0E23C5"}, nets); err == nil || !strings.Contains(err.Error(), "has 256 bits") {
		t.Errorf("%v", err)
	}
}

// TestANetworkThatCannotBeAskedIsTold: the file is judged, and what was not looked for is said.
func TestANetworkThatCannotBeAskedIsTold(t *testing.T) {
	path, sum := readerModel(t, neural.RivaGAN)
	clip, err := filepath.Abs("../../testdata/clips/first.mp4")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	_, out, talk := asked(t, "verify", "--no-state", "--persons", "off", "--mark-model", "rivaGan:"+sum+":"+path, "--watermark", "rivaGan:32:9B0E23C5", clip)
	if !strings.Contains(out, "INDETERMINATE") || strings.Contains(out, "rivaGan 9b0e23c5") {
		t.Errorf("%s%s", out, talk)
	}
	if strings.Contains(out, "picture     decoded") && !(strings.Contains(out, "marks of rivaGan: the network could not be asked") && strings.Contains(out, "a network that was to be asked was not")) {
		t.Errorf("the gap is not said:\n%s%s", out, talk)
	}
}
