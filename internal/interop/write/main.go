// Command write writes the files of docs/comparison.md into a folder, with the roots that they are to be judged with:
//
//	go run ./internal/interop/write DIR
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/interop"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: write DIR")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "write:", err)
		os.Exit(1)
	}
}

// write makes a file NAME.mp4 for each kind; a set is NAME.mp4 and NAME-0.m4s, NAME-1.m4s, …, in playback order.
func write(dir string) error {
	roots := interop.Roots()
	files := map[string][]byte{"root.pem": roots.Claim, "tsa-root.pem": roots.TSA}
	for _, k := range interop.Kinds() {
		b := k.Make()
		files[k.Name+".mp4"] = b.Data
		for i, p := range b.Parts {
			files[fmt.Sprintf("%s-%d.m4s", k.Name, i)] = p
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	_, err := fmt.Printf("%d files in %s; judge them at %s\n", len(files), dir, forge.Clock.Format("2006-01-02T15:04:05Z07:00"))
	return err
}
