// Command trustgen makes the lists of package trust from the files that trust/sources.json names:
//
//	go run ./internal/trustgen FOLDER
//
// FOLDER holds the sources' files. Each is held against the digest in sources.json before it is read, so that a list
// never changes unseen; to take a newer source, change its entry there first. The output is the same for the same
// input, byte for byte.
package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/consentry/consentry/trust"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/trustgen FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1], "trust"); err != nil {
		fmt.Fprintln(os.Stderr, "trustgen: error:", err)
		os.Exit(1)
	}
}

// source is an entry of sources.json: where a file comes from, and how it is called in the folder.
type source struct {
	File string `json:"file"`
	Form string `json:"form"` // lote, pem, cfg
	trust.Source
}

type part struct {
	Use      string   `json:"use"`
	Title    string   `json:"title"`
	Legacy   bool     `json:"legacy"`
	EKUs     []string `json:"ekus"`
	Keep     string   `json:"keep"` // timeStamping: only CAs for that; other: all but those; empty: all
	Anchors  *source  `json:"anchors"`
	Allowed  *source  `json:"allowed"`
	Purposes *source  `json:"purposes"`
}

type config struct {
	Lists []struct {
		Name  string `json:"name"`
		Parts []part `json:"parts"`
	} `json:"lists"`
	Products *source `json:"products"` // conforming products
}

// run writes dir/lists from dir/sources.json and the files in folder.
func run(folder, dir string) error {
	made, err := generate(folder, filepath.Join(dir, "sources.json"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, "lists"), 0o755); err != nil {
		return err
	}
	for name, data := range made {
		if err := os.WriteFile(filepath.Join(dir, "lists", name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate returns the files of trust/lists by name.
func generate(folder, sources string) (map[string][]byte, error) {
	raw, err := os.ReadFile(sources)
	if err != nil {
		return nil, err
	}
	var c config
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return nil, fmt.Errorf("%s: %w", sources, err)
	}
	out := map[string][]byte{}
	for _, l := range c.Lists {
		list := trust.List{Name: l.Name}
		var ders []byte
		for _, p := range l.Parts {
			made, der, err := makePart(folder, p)
			if err != nil {
				return nil, fmt.Errorf("list %s: %w", l.Name, err)
			}
			list.Parts = append(list.Parts, made)
			ders = append(ders, der...)
		}
		var buf bytes.Buffer
		enc := json.NewEncoder(&buf)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", " ")
		if err := enc.Encode(list); err != nil {
			return nil, err
		}
		out[l.Name+".json"] = buf.Bytes()
		out[l.Name+".der"] = ders
	}
	if c.Products != nil {
		data, err := read(folder, c.Products)
		if err != nil {
			return nil, err
		}
		products, err := trust.ParseProducts(data, c.Products.Source)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Products.File, err)
		}
		if out[trust.ProductsFile], err = products.Marshal(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// makePart reads a part's files: anchors as DER one after the other, allowed certificates as digests.
func makePart(folder string, p part) (trust.Part, []byte, error) {
	made := trust.Part{Use: p.Use, Title: p.Title, Legacy: p.Legacy, EKUs: p.EKUs}
	var ders []byte
	if p.Anchors != nil {
		data, err := read(folder, p.Anchors)
		if err != nil {
			return made, nil, err
		}
		made.Sources = append(made.Sources, p.Anchors.Source)
		anchors, err := anchorsOf(data, p.Anchors.Form, &made)
		if err != nil {
			return made, nil, fmt.Errorf("%s: %w", p.Anchors.File, err)
		}
		for _, a := range anchors {
			stamps := slices.Contains(a.cert.ExtKeyUsage, x509.ExtKeyUsageTimeStamping)
			if p.Keep == "timeStamping" && !stamps || p.Keep == "other" && stamps {
				continue
			}
			made.Anchors = append(made.Anchors, a.entry)
			ders = append(ders, a.cert.Raw...)
		}
	}
	if p.Allowed != nil {
		data, err := read(folder, p.Allowed)
		if err != nil {
			return made, nil, err
		}
		made.Sources = append(made.Sources, p.Allowed.Source)
		blocks, err := pems(data)
		if err != nil {
			return made, nil, fmt.Errorf("%s: %w", p.Allowed.File, err)
		}
		for _, der := range blocks {
			sum := sha256.Sum256(der)
			made.Allowed = append(made.Allowed, sum[:])
		}
	}
	if p.Purposes != nil {
		data, err := read(folder, p.Purposes)
		if err != nil {
			return made, nil, err
		}
		made.Sources = append(made.Sources, p.Purposes.Source)
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
				made.EKUs = append(made.EKUs, line)
			}
		}
	}
	return made, ders, nil
}

// read returns a source's file, if it is the one that sources.json means.
func read(folder string, s *source) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(folder, s.File))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); got != s.SHA256 {
		return nil, fmt.Errorf("%s: SHA-256 %s, where sources.json has %s", s.File, got, s.SHA256)
	}
	return data, nil
}

type anchor struct {
	entry trust.Anchor
	cert  *x509.Certificate
}

func anchorsOf(data []byte, form string, made *trust.Part) ([]anchor, error) {
	switch form {
	case "pem":
		blocks, err := pems(data)
		if err != nil {
			return nil, err
		}
		var out []anchor
		for _, der := range blocks {
			a, err := newAnchor(der)
			if err != nil {
				return nil, err
			}
			out = append(out, a)
		}
		return out, nil
	case "lote":
		return entities(data, made)
	}
	return nil, fmt.Errorf("form %q", form)
}

// entities reads an official list.
func entities(data []byte, made *trust.Part) ([]anchor, error) {
	l, err := trust.ParseLoTE(data)
	if err != nil {
		return nil, err
	}
	made.Sequence, made.Issued, made.NextUpdate = l.Part.Sequence, l.Part.Issued, l.Part.NextUpdate
	var out []anchor
	for i, e := range l.Part.Anchors {
		cert, err := x509.ParseCertificate(l.Certificates[i])
		if err != nil {
			return nil, err
		}
		out = append(out, anchor{entry: e, cert: cert})
	}
	return out, nil
}

func newAnchor(der []byte) (anchor, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return anchor{}, err
	}
	return anchor{entry: trust.Anchor{Subject: cert.Subject.String(), Size: len(der)}, cert: cert}, nil
}

// pems returns the certificates of a PEM bundle; text between the blocks is skipped.
func pems(data []byte) ([][]byte, error) {
	var out [][]byte
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("a block %q", block.Type)
		}
		out = append(out, block.Bytes)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no certificates")
	}
	return out, nil
}
