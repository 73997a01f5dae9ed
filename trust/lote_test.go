package trust_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/trust"
)

// lote is an official list of the first n claim anchors, with a status and a number.
func lote(t testing.TB, scheme, status string, number, n int, issued time.Time) []byte {
	t.Helper()
	list, err := trust.Lists([]string{"c2pa"}, "")
	if err != nil {
		t.Fatal(err)
	}
	anchors := list.Claim[0].Anchors
	if scheme == tsaScheme {
		anchors = list.TSA[0].Anchors
	}
	var certs []any
	for i := range n {
		certs = append(certs, map[string]any{"val": base64.StdEncoding.EncodeToString(anchors[i%len(anchors)].DER)})
	}
	out, err := json.Marshal(map[string]any{"LoTE": map[string]any{
		"ListAndSchemeInformation": map[string]any{"LoTESequenceNumber": number, "SchemeName": []any{map[string]any{"value": scheme}}, "ListIssueDateTime": issued, "NextUpdate": issued.AddDate(1, 0, 0)},
		"TrustedEntitiesList": []any{map[string]any{"TrustedEntityServices": []any{map[string]any{"ServiceInformation": map[string]any{
			"ServiceDigitalIdentity": map[string]any{"X509Certificates": certs}, "ServiceStatus": status, "StatusStartingTime": start,
		}}}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const (
	claimScheme = "C2PA Trust List"
	tsaScheme   = "C2PA TSA Trust List"
	trusted     = "http://c2pa.org/conformance/trust-list/trusted"
	untrusted   = "http://c2pa.org/conformance/trust-list/untrusted"
)

var (
	start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	later = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
)

func TestLoTEStatusSetsTheAnchorsBounds(t *testing.T) {
	for _, tc := range []struct {
		name, status  string
		before, after *time.Time
		wantErr       bool
	}{
		{"trusted from then on", trusted, &start, nil, false},
		{"untrusted until then", untrusted, nil, &start, false},
		{"of a status that is not known", "http://c2pa.org/other", nil, nil, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := trust.ParseLoTE(lote(t, claimScheme, tc.status, 1, 1, later))
			if (err != nil) != tc.wantErr {
				t.Fatal(err)
			}
			if err != nil {
				return
			}
			if a := got.Part.Anchors[0]; !same(a.NotBefore, tc.before) || !same(a.NotAfter, tc.after) || got.Name != claimScheme || len(got.Certificates[0]) != a.Size {
				t.Errorf("%s: bounds %v to %v", got.Name, a.NotBefore, a.NotAfter)
			}
		})
	}
}

func same(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

func TestLoTELimits(t *testing.T) {
	if l, err := trust.ParseLoTE(lote(t, claimScheme, trusted, 1, 4096, later)); err != nil || len(l.Certificates) != 4096 {
		t.Errorf("%v", err)
	}
	if _, err := trust.ParseLoTE(lote(t, claimScheme, trusted, 1, 4097, later)); err == nil || !strings.Contains(err.Error(), "more than 4096") {
		t.Errorf("%v", err)
	}
	base := lote(t, claimScheme, trusted, 1, 1, later)
	full := append(base, bytes.Repeat([]byte(" "), trust.MaxList-len(base))...)
	if _, err := trust.ParseLoTE(full); err != nil {
		t.Error(err)
	}
	if _, err := trust.ParseLoTE(append(full, ' ')); err == nil {
		t.Error("a list past the limit was read")
	}
}

// FuzzParseLoTE: what is read has a certificate for every anchor, in bounds; what is not read is nothing.
func FuzzParseLoTE(f *testing.F) {
	for _, s := range [][]byte{
		{},
		[]byte("{}"), []byte(`{"LoTE":{}}`), []byte(`{"LoTE":{"TrustedEntitiesList":[{"TrustedEntityServices":[{}]}]}}`),
		lote(f, claimScheme, trusted, 1, 2, later), lote(f, tsaScheme, untrusted, 2, 1, start),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := trust.ParseLoTE(data)
		if err != nil {
			if l != nil {
				t.Fatal("a list beside an error")
			}
			return
		}
		if len(l.Certificates) == 0 || len(l.Certificates) != len(l.Part.Anchors) || len(l.Certificates) > 4096 {
			t.Fatalf("%d certificates, %d anchors", len(l.Certificates), len(l.Part.Anchors))
		}
		for i, a := range l.Part.Anchors {
			if a.Size != len(l.Certificates[i]) || (a.NotBefore == nil) == (a.NotAfter == nil) {
				t.Fatalf("anchor %d: %+v", i, a)
			}
		}
	})
}
