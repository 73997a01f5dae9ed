package forge_test

import (
	"bytes"
	"crypto/x509"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/report"
)

func TestMake(t *testing.T) {
	t.Run("the zero recipe gives the same file twice", func(t *testing.T) {
		a, b := forge.Make(forge.Recipe{}), forge.Make(forge.Recipe{})
		if !bytes.Equal(a.Data, b.Data) {
			t.Error("two files of one recipe differ")
		}
		if !bytes.Contains(a.Data, a.Store) {
			t.Error("the file does not hold its store")
		}
		want := []string{"ftyp", "uuid", "moov", "mdat"}
		for i, r := range a.Roots {
			if i >= len(want) || r.Type != want[i] {
				t.Errorf("box %d is %q", i, r.Type)
			}
		}
	})
	t.Run("every algorithm signs", func(t *testing.T) {
		for _, alg := range forge.Algorithms {
			b := forge.Make(forge.Recipe{Manifest: forge.Manifest{Signer: forge.Signer{Alg: alg}}})
			if len(b.Signatures[b.Labels[0]]) == 0 {
				t.Errorf("%s: no signature", alg)
			}
		}
	})
	t.Run("a time-stamp of either version is put in", func(t *testing.T) {
		for _, second := range []bool{false, true} {
			b := forge.Make(forge.Recipe{Manifest: forge.Manifest{Signer: forge.Signer{Stamps: []forge.Stamp{{}}, Stamp2: second}}})
			if !bytes.Contains(b.Data, []byte("sigTst")) {
				t.Error("no time-stamp")
			}
		}
	})
}

func TestAuthority(t *testing.T) {
	roots, inter := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(forge.CA().Root.Cert)
	inter.AddCert(forge.CA().Issuer.Cert)
	for _, alg := range forge.Algorithms {
		leaf, _ := forge.Signer{Alg: alg}.Chain()
		_, err := leaf.Cert.Verify(x509.VerifyOptions{Roots: roots, Intermediates: inter, CurrentTime: forge.Clock, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		if err != nil {
			t.Errorf("%s: %v", alg, err)
		}
	}
}

func TestCases(t *testing.T) {
	names := map[string]bool{}
	check := func(c forge.Case, corrupt bool) {
		if names[c.Name] {
			t.Errorf("%q stands twice", c.Name)
		}
		names[c.Name] = true
		for _, code := range append(c.Also, c.Code) {
			if _, ok := report.Lookup(code); !ok && (corrupt || code != "") {
				t.Errorf("%q expects %q, which is no code", c.Name, code)
			}
		}
		a, b := forge.Make(c.Recipe), forge.Make(c.Recipe)
		if !bytes.Equal(a.Data, b.Data) && c.Recipe.Manifest.Signer.Alg == "" {
			t.Errorf("%q gives two files", c.Name)
		}
	}
	for _, c := range forge.Good() {
		check(c, false)
	}
	for _, c := range forge.Corruptions() {
		check(c, true)
	}
}
