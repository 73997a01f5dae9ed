package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/corpustest"
)

// The committed list is exactly what the source gives.
func TestListIsWhatTheSourceGives(t *testing.T) {
	dir := filepath.Join("..", "..", "softbinding")
	made, err := generate(corpustest.Trust(t), filepath.Join(dir, "source.json"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "list.json"))
	if err != nil || !bytes.Equal(got, made) {
		t.Errorf("list.json differs from what bindinggen makes (%v): run go run ./internal/bindinggen", err)
	}
}

func TestSourcesThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ digest, list, want string }{
		"changed":           {"00", `[]`, "SHA-256"},
		"no list":           {"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", `{}`, "cannot unmarshal"},
		"an unknown type":   {"a8f9ce6a8f2caa19f7da83cd26ffdfef8c01e2353b43abca0c7e0df21b960e13", `[{"alg":"x","type":"y"}]`, "of type"},
		"no file of a list": {"", "", "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(name, text string) {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			write("source.json", `{"file":"l.json","sha256":"`+c.digest+`"}`)
			if c.list != "" {
				write("l.json", c.list)
			}
			_, err := generate(dir, filepath.Join(dir, "source.json"))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, expected %q", err, c.want)
			}
		})
	}
}
