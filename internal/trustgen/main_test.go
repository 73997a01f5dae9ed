package main

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/corpustest"
	"github.com/consentry/consentry/trust"
)

// The committed lists are exactly what the sources give.
func TestListsAreWhatTheSourcesGive(t *testing.T) {
	made, err := generate(corpustest.Trust(t), filepath.Join("..", "..", "trust", "sources.json"))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join("..", "..", "trust", "lists")
	for name, want := range made {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s differs from what trustgen makes: run go run ./internal/trustgen", name)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(made) {
		t.Errorf("%d files in %s, %d made", len(entries), dir, len(made))
	}
}

func TestSourceThatChangedIsRefused(t *testing.T) {
	dir := t.TempDir()
	config := `{"lists":[{"name":"x","parts":[{"use":"claim","title":"t","anchors":{"file":"a.pem","form":"pem","sha256":"00"}}]}]}`
	if err := os.WriteFile(filepath.Join(dir, "sources.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.pem"), []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := generate(dir, filepath.Join(dir, "sources.json"))
	if err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("err = %v, want one about the digest", err)
	}
}

func TestLoTEStatusSetsTheAnchorsBounds(t *testing.T) {
	list, err := trust.Lists([]string{"c2pa"}, "")
	if err != nil {
		t.Fatal(err)
	}
	cert := base64.StdEncoding.EncodeToString(list.Claim[0].Anchors[0].DER) // any certificate does
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name, status  string
		before, after *time.Time
		wantErr       bool
	}{
		{"trusted from then on", statusTrusted, &start, nil, false},
		{"untrusted until then", statusUntrusted, nil, &start, false},
		{"of a status that is not known", "http://c2pa.org/other", nil, nil, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			data := `{"LoTE":{"TrustedEntitiesList":[{"TrustedEntityServices":[{"ServiceInformation":{"ServiceDigitalIdentity":` +
				`{"X509Certificates":[{"val":"` + cert + `"}]},"ServiceStatus":"` + tc.status + `","StatusStartingTime":"2026-01-01T00:00:00Z"}}]}]}}`
			got, err := lote([]byte(data), &trust.Part{})
			if tc.wantErr {
				if err == nil {
					t.Error("accepted")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if e := got[0].entry; !same(e.NotBefore, tc.before) || !same(e.NotAfter, tc.after) {
				t.Errorf("bounds %v to %v, want %v to %v", e.NotBefore, e.NotAfter, tc.before, tc.after)
			}
		})
	}
}

func same(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}
