// Command bindinggen makes the list of package softbinding from C2PA's Soft Binding Algorithm List:
//
//	go run ./internal/bindinggen FOLDER
//
// FOLDER holds the file that softbinding/source.json names. It is held against the digest there before it is read, so
// that the list never changes unseen; to take a newer one, change source.json first.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/consentry/consentry/softbinding"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/bindinggen FOLDER")
		os.Exit(2)
	}
	made, err := generate(os.Args[1], filepath.Join("softbinding", "source.json"))
	if err == nil {
		err = os.WriteFile(filepath.Join("softbinding", "list.json"), made, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bindinggen: error:", err)
		os.Exit(1)
	}
}

// source says where the list comes from, and how its file is called in the folder.
type source struct {
	File   string `json:"file"`
	Source string `json:"source"`
	Date   string `json:"date"`
	SHA256 string `json:"sha256"`
}

// entry is what is read of an entry. C2PA Soft Binding Algorithm List, schema.
type entry struct {
	Alg        string   `json:"alg"`
	Type       string   `json:"type"`
	Deprecated bool     `json:"deprecated"`
	Decoded    []string `json:"decodedMediaTypes"`
	Encoded    []string `json:"encodedMediaTypes"`
	APIs       []string `json:"softBindingResolutionApis"`
}

// generate returns the content of softbinding/list.json.
func generate(folder, config string) ([]byte, error) {
	raw, err := os.ReadFile(config)
	if err != nil {
		return nil, err
	}
	var s source
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("%s: %w", config, err)
	}
	if raw, err = os.ReadFile(filepath.Join(folder, s.File)); err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != s.SHA256 {
		return nil, fmt.Errorf("%s has the SHA-256 %x, and %s names %s", s.File, sum, config, s.SHA256)
	}
	var entries []entry
	if err := json.Unmarshal(raw, &entries); err != nil {
		return nil, fmt.Errorf("%s: %w", s.File, err)
	}
	out := softbinding.List{Source: s.Source, Date: s.Date, SHA256: s.SHA256}
	seen := map[string]bool{}
	for _, e := range entries {
		if e.Alg == "" || e.Type != softbinding.Watermark && e.Type != softbinding.Fingerprint || seen[e.Alg] {
			return nil, fmt.Errorf("%s: entry %q of type %q, or twice", s.File, e.Alg, e.Type)
		}
		seen[e.Alg] = true
		out.Algorithms = append(out.Algorithms, softbinding.Algorithm{
			Alg: e.Alg, Type: e.Type, Media: slices.Concat(e.Decoded, e.Encoded), Resolvers: e.APIs, Deprecated: e.Deprecated,
		})
	}
	var buf bytes.Buffer
	buf.WriteString("{\n")
	for _, m := range [][2]string{{"source", out.Source}, {"date", out.Date}, {"sha256", out.SHA256}} {
		fmt.Fprintf(&buf, " %q: %q,\n", m[0], m[1])
	}
	buf.WriteString(" \"algorithms\": [")
	for i, a := range out.Algorithms {
		line, err := json.Marshal(a)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			buf.WriteByte(',')
		}
		buf.WriteString("\n  ")
		buf.Write(line)
	}
	buf.WriteString("\n ]\n}\n")
	return buf.Bytes(), nil
}
