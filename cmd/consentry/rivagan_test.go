//go:build cgo && !noonnx

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRivaGANIsReadWithItsPublishedNetwork: a clip that the published encoder marked and x264 encoded, through the whole
// of the program. The network is set up by scripts/setup.sh, and is no part of the project.
func TestRivaGANIsReadWithItsPublishedNetwork(t *testing.T) {
	path, err := filepath.Abs("../../build/rivagan/rivagan_decoder.onnx")
	if err != nil {
		t.Fatal(err)
	}
	model, err := os.ReadFile(path)
	if err != nil {
		if os.Getenv("CONSENTRY_REQUIRE_CORPUS") == "1" {
			t.Fatal(err)
		}
		t.Skip("the network is not set up: ", err)
	}
	sum := sha256.Sum256(model)
	clip, err := filepath.Abs("../../testdata/marks/rivagan.mp4")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	ask := func(message ...string) string {
		args := []string{"verify", "--no-state", "--persons", "off", "--mark-model", "rivaGan:" + hex.EncodeToString(sum[:]) + ":" + path}
		for _, m := range message {
			args = append(args, "--watermark", "rivaGan:32:"+m)
		}
		_, out, talk := asked(t, append(args, clip)...)
		if strings.Contains(out, "could not be asked") {
			t.Fatalf("%s%s", out, talk)
		}
		return out
	}
	if out := ask("9B0E23C5", "00FF23C5"); !strings.Contains(out, "rivaGan 9b0e23c5: 3") || strings.Contains(out, "rivaGan 00ff23c5") || !strings.Contains(out, "origin      generated") {
		t.Errorf("with the message:\n%s", out)
	}
	if out := ask("00FF23C5"); strings.Contains(out, "watermark.found") || !strings.Contains(out, "origin      unknown") {
		t.Errorf("with another message:\n%s", out)
	}
	if out := ask(); strings.Contains(out, "watermark.found") || !strings.Contains(out, "reads something in any picture") {
		t.Errorf("without a message:\n%s", out)
	}
}
