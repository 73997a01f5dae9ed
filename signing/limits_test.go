package signing_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/signing"
)

// Each limit at its value, where the signature still counts, and one past it, with the code. docs/limits.md.
func TestLimitsOfTheMessage(t *testing.T) {
	issuer := forge.CA().Issuer.Cert.Raw
	leaf, _ := forge.Signer{}.Chain()
	chain := func(n int) forge.Signer {
		return forge.Signer{RawChain: append([][]byte{leaf.Cert.Raw}, slices.Repeat([][]byte{issuer}, n-1)...)}
	}
	headers := func(n int) forge.Signer {
		return forge.Signer{Unprotected: func(m *forge.Map) {
			for i := range n {
				m.Set(1000+i, 0)
			}
		}}
	}
	nested := func(n int) forge.Signer {
		return forge.Signer{Unprotected: func(m *forge.Map) {
			var v any = 0
			for range n {
				v = []any{v}
			}
			m.Set("deep", v)
		}}
	}
	base := len(forge.Signer{Unprotected: func(m *forge.Map) { m.Set("pad", make([]byte, 1<<17)) }}.Sign(claim)) - 1<<17
	padded := func(size int) forge.Signer {
		return forge.Signer{Unprotected: func(m *forge.Map) { m.Set("pad", make([]byte, size-base)) }}
	}
	for _, tc := range []struct {
		name     string
		at, past forge.Signer
		want     string
	}{
		{"bytes", padded(signing.MaxCOSE), padded(signing.MaxCOSE + 1), "claimSignature.mismatch"},
		{"certificates", chain(signing.MaxChain), chain(signing.MaxChain + 1), "signingCredential.invalid"},
		{"headers", headers(signing.MaxHeaders), headers(signing.MaxHeaders + 1), "claimSignature.mismatch"},
		// The message's array and the header's map stand above the value.
		{"depth", nested(signing.MaxCBORDepth - 2), nested(signing.MaxCBORDepth - 1), "claimSignature.mismatch"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := verify(t, tc.at, nil)
			expect(t, r, []string{"claimSignature.validated", "signingCredential.trusted"}, nil)
			r = verify(t, tc.past, nil)
			expect(t, r, []string{tc.want}, []string{"claimSignature.validated", "signingCredential.trusted"})
		})
	}
}

func TestLimitsOfCertificates(t *testing.T) {
	// Ed25519, since its signatures are all of one length.
	top := mint{Name: "Mint Ed Root", Key: forge.Key("Ed25519", "mint ed root"), CA: true}.make()
	filler := func(n int) *minted {
		return with(func(m *mint) { m.By = top; m.Extra = [][]byte{ext(false, make([]byte, n), 1, 2, 3)} })
	}
	size := len(filler(40000).DER) - 40000
	many := func(n int) *minted {
		return with(func(m *mint) {
			m.By = top
			for i := range n - 5 { // ski, aki, basic constraints, usage, purposes
				m.Extra = append(m.Extra, ext(false, []byte{5, 0}, 1, 2, 3, i))
			}
		})
	}
	if len(filler(signing.MaxCertificate-size).DER) != signing.MaxCertificate {
		t.Fatal("the certificate at the limit has another size")
	}
	for _, tc := range []struct {
		name     string
		at, past *minted
	}{
		{"bytes", filler(signing.MaxCertificate - size), filler(signing.MaxCertificate - size + 1)},
		{"extensions", many(signing.MaxExtensions), many(signing.MaxExtensions + 1)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			expect(t, judge(t, "ES256", tc.at, top), []string{"signingCredential.trusted"}, []string{"signingCredential.invalid"})
			expect(t, judge(t, "ES256", tc.past, top), []string{"signingCredential.invalid"}, []string{"signingCredential.trusted"})
		})
	}
}

func TestLimitOfThePath(t *testing.T) {
	// From the leaf to the anchor, both counted.
	path := func(n int) *signing.Result {
		by := root()
		var chain []*minted
		for i := range n - 2 {
			by = ca(fmt.Sprint("Mint Middle ", i), by, nil)
			chain = append(chain, by)
		}
		return judge(t, "ES256", leafUnder(by, nil), root(), chain...)
	}
	expect(t, path(signing.MaxPath), []string{"signingCredential.trusted"}, nil)
	expect(t, path(signing.MaxPath+1), []string{"signingCredential.untrusted"}, []string{"signingCredential.trusted"})
}

func TestLimitOfSignaturesPerSearch(t *testing.T) {
	// Anchors of one name and other keys, the right one last.
	anchored := func(n int) *signing.Result {
		var anchors [][]byte
		for i := range n - 1 {
			anchors = append(anchors, mint{Name: "Mint Root", Key: forge.Key("P-256", fmt.Sprint("wrong ", i)), CA: true}.make().DER)
		}
		anchors = append(anchors, root().DER)
		return signing.Verify(signing.Input{
			COSE: signMint("ES256", leafUnder(root(), nil)).Sign(claim), Payload: claim, URL: url, Now: forge.Clock,
			Trust: &signing.Trust{Claim: []signing.List{list(t, "many", anchors...)}},
		})
	}
	expect(t, anchored(signing.MaxPathChecks), []string{"signingCredential.trusted"}, nil)
	r := anchored(signing.MaxPathChecks + 1)
	expect(t, r, []string{"signingCredential.untrusted"}, []string{"signingCredential.trusted"})
}

func TestLimitsOfTokens(t *testing.T) {
	pad := func(size int) cms {
		// An unknown extension, not critical, in the TSTInfo.
		// The authority's key is Ed25519, since its signatures are all of one length.
		tsa := tsaLeaf(func(m *mint) { m.Key = forge.Key("Ed25519", "mint time") })
		return cms{TSA: tsa, Extra: [][]byte{tlv(0xa1, ext(false, make([]byte, size), 1, 2, 3))}}
	}
	base := len(pad(200000).over([]byte("x"))) - 200000
	certs := func(n int) cms {
		return cms{Certs: append([][]byte{tsaLeaf(nil).DER}, slices.Repeat([][]byte{root2().DER}, n-1)...)}
	}
	for _, tc := range []struct {
		name     string
		at, past cms
	}{
		{"bytes", pad(signing.MaxToken - base), pad(signing.MaxToken - base + 1)},
		{"certificates", certs(signing.MaxTokenCertificates), certs(signing.MaxTokenCertificates + 1)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			expect(t, stampWith(t, tc.at.over, nil), []string{"timeStamp.validated"}, nil)
			expect(t, stampWith(t, tc.past.over, nil), []string{"timeStamp.malformed"}, []string{"timeStamp.validated"})
		})
	}
	t.Run("attributes", func(t *testing.T) {
		with := func(n int) cms {
			c := cms{}
			for i := range n - 3 {
				c.Attrs = append(c.Attrs, seq(der(oid(1, 2, 3, i)), tlv(0x31, der(i))))
			}
			return c
		}
		expect(t, stampWith(t, with(signing.MaxAttributes).over, nil), []string{"timeStamp.validated"}, nil)
		expect(t, stampWith(t, with(signing.MaxAttributes+1).over, nil), []string{"timeStamp.malformed"}, nil)
	})
	t.Run("depth", func(t *testing.T) {
		deep := func(n int) []byte {
			b := []byte{5, 0}
			for range n {
				b = seq(b)
			}
			return b
		}
		if _, err := signing.DER(deep(signing.MaxBERDepth)); err != nil {
			t.Error(err)
		}
		var syntax *signing.SyntaxError
		if _, err := signing.DER(deep(signing.MaxBERDepth + 1)); !errors.As(err, &syntax) {
			t.Errorf("err = %v", err)
		}
		if _, err := signing.DER(bytes.Repeat([]byte{0x30, 0x80}, 100000)); !errors.As(err, &syntax) {
			t.Errorf("err = %v", err)
		}
	})
	t.Run("assertions", func(t *testing.T) {
		good := forge.Stamp{}.Over(counterSigned(forge.Signer{}.Sign(claim)))
		after := func(n int) *signing.Result {
			return verify(t, forge.Signer{}, func(in *signing.Input) {
				in.Stamps = append(slices.Repeat([][]byte{{0x30, 0}}, n-1), good)
			})
		}
		expect(t, after(signing.MaxStamps), []string{"timeStamp.validated"}, nil)
		r := after(signing.MaxStamps + 1)
		if expect(t, r, nil, []string{"timeStamp.validated"}); len(r.Unsupported) == 0 {
			t.Error("nothing says that tokens were left out")
		}
	})
}

func TestLimitOfLists(t *testing.T) {
	one := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: seq(der(1))})
	if _, err := signing.ParseAnchors("at", bytes.Repeat(one, signing.MaxListCertificates)); err != nil {
		t.Error(err)
	}
	if _, err := signing.ParseAnchors("past", bytes.Repeat(one, signing.MaxListCertificates+1)); err == nil {
		t.Error("one past the limit was accepted")
	}
}

func TestLimitOfRSAKeys(t *testing.T) {
	key := func(bits int) *minted {
		return with(func(m *mint) { m.SPKI = rsaSPKI(bits) })
	}
	at := judge(t, "ES256", key(signing.MaxRSABits), root())
	expect(t, at, []string{"signingCredential.trusted", "claimSignature.mismatch"}, []string{"signingCredential.invalid"})
	past := judge(t, "ES256", key(signing.MaxRSABits+1), root())
	expect(t, past, []string{"claimSignature.mismatch"}, []string{"claimSignature.validated"})
	if !says(past, "claimSignature.mismatch", "unsupported") {
		t.Error(explain(past))
	}
}
