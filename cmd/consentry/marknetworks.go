package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/consentry/consentry"
	"github.com/consentry/consentry/internal/onnxgraph"
	"github.com/consentry/consentry/watermark"
	"github.com/consentry/consentry/watermark/neural"
)

// maxMarkNetworks bounds how many networks look at one file: each is a process of its own.
const maxMarkNetworks = 6

// markNetworks reads the networks that --mark-model names as KIND:SHA256:FILE. A file with another digest is refused:
// what reads marks is what somebody has looked at before.
func markNetworks(texts []string, modelsDir string) ([]consentry.MarkNetwork, error) {
	if len(texts) > maxMarkNetworks {
		return nil, &usageError{Text: fmt.Sprintf("--mark-model is given %d times; %d networks can look", len(texts), maxMarkNetworks)}
	}
	var out []consentry.MarkNetwork
	for _, t := range texts {
		n, err := markNetwork(t, modelsDir)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(out, func(o consentry.MarkNetwork) bool { return o.Network.Kind == n.Network.Kind }) {
			return nil, &usageError{Text: "--mark-model: two networks of kind " + string(n.Network.Kind)}
		}
		out = append(out, n)
	}
	return out, nil
}

func markNetwork(text, modelsDir string) (consentry.MarkNetwork, error) {
	none := consentry.MarkNetwork{}
	kind, rest, _ := strings.Cut(text, ":")
	want, path, ok := strings.Cut(rest, ":")
	if b, err := hex.DecodeString(want); ok && path != "" && (err != nil || len(b) != sha256.Size) {
		return none, &usageError{Text: fmt.Sprintf("--mark-model: %q is no SHA-256 digest, which has %d hexadecimal digits", want, 2*sha256.Size), Hint: "sha256sum FILE prints it"}
	}
	if !ok || path == "" {
		return none, &usageError{Text: fmt.Sprintf("--mark-model %q: the form is KIND:SHA256:FILE", text), Hint: "kinds are " + kindNames() + "; sha256sum FILE prints the digest"}
	}
	if !slices.Contains(neural.Kinds, neural.Kind(kind)) {
		return none, &usageError{Text: fmt.Sprintf("--mark-model: no network of kind %q is known", kind), Hint: "kinds are " + kindNames()}
	}
	model, err := readFile(path, onnxgraph.MaxModel)
	if err != nil {
		return none, fmt.Errorf("--mark-model: %w", err)
	}
	sum := sha256.Sum256(model)
	got := hex.EncodeToString(sum[:])
	if got != strings.ToLower(want) {
		return none, &usageError{Text: fmt.Sprintf("--mark-model: %s is not the file that is named: its sha256 is %s", path, got)}
	}
	n, err := neural.Recognise(neural.Kind(kind), model)
	if err != nil {
		return none, &usageError{Text: fmt.Sprintf("--mark-model: %s: %v", path, err)}
	}
	return consentry.MarkNetwork{
		Network: n, SHA256: got,
		Open: func(ctx context.Context) (neural.Session, error) { return openMarkNetwork(ctx, n, model, modelsDir) },
	}, nil
}

func kindNames() string {
	names := make([]string, len(neural.Kinds))
	for i, k := range neural.Kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}

// ownMessages reads the marks to look for beside the known ones. Those that only a network reads want that network.
func ownMessages(texts []string, networks []consentry.MarkNetwork) ([]watermark.Message, error) {
	if len(texts) > watermark.MaxMessages {
		return nil, &usageError{Text: fmt.Sprintf("--watermark is given %d times; %d marks can be looked for", len(texts), watermark.MaxMessages)}
	}
	var out []watermark.Message
	for _, t := range texts {
		alg, _, _ := strings.Cut(t, ":")
		parse, hint := watermark.ParseMessage, "write it like dwtDct:48:B3EC907BB19E"
		if kind := neural.Kind(alg); kind.Matched() {
			if !slices.ContainsFunc(networks, func(n consentry.MarkNetwork) bool { return n.Network.Kind == kind }) {
				return nil, &usageError{Text: "--watermark " + t + ": only a network reads it", Hint: "give --mark-model " + alg + ":SHA256:FILE"}
			}
			parse, hint = neural.ParseMessage, "write it like rivaGan:32:9B0E23C5"
		}
		m, err := parse(t)
		if err != nil {
			return nil, &usageError{Text: "--watermark " + err.Error(), Hint: hint}
		}
		out = append(out, m)
	}
	return out, nil
}
