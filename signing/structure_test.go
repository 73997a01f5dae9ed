package signing_test

import (
	"bytes"
	"encoding/asn1"
	"slices"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/signing"
)

// node is a constructed element of DER and where it stands.
type node struct {
	path []int // indices of children from the top
	at   int   // offset of the element
	tag  byte
}

// nodes lists the constructed elements of DER; octet strings are not looked into.
func nodes(b []byte, base int, path []int) []node {
	if len(b) == 0 || b[0]&0x20 == 0 {
		return nil
	}
	out := []node{{slices.Clone(path), base, b[0]}}
	body := content(b)
	base += len(b) - len(body) - len(after(b))
	for i := 0; len(body) > 0; i++ {
		rest := after(body)
		n := len(body) - len(rest)
		out = append(out, nodes(body[:n], base, append(path[:len(path):len(path)], i))...)
		base, body = base+n, rest
	}
	return out
}

// grown returns the DER with a NULL more at the end of the element at a path.
func grown(b []byte, path []int) []byte {
	body := content(b)
	if len(path) == 0 {
		return tlv(b[0], body, asn1.NullBytes)
	}
	var parts [][]byte
	for i := 0; len(body) > 0; i++ {
		rest := after(body)
		el := body[:len(body)-len(rest)]
		if i == path[0] {
			el = grown(el, path[1:])
		}
		parts, body = append(parts, el), rest
	}
	return tlv(b[0], parts...)
}

func under(path, above []int) bool {
	return len(path) >= len(above) && slices.Equal(path[:len(above)], above)
}

// A NULL too many anywhere in a token: it is refused, or the place is one that RFC 5652 leaves open and nothing rests on.
func TestTokenWithSomethingMoreIsRefused(t *testing.T) {
	open := [][]int{
		{1, 0, 1},       // digestAlgorithms, which nobody reads
		{1, 0, 3},       // the set of certificates: other kinds of them may stand there
		{1, 0, 4, 0, 4}, // the signature's algorithm: no parameters, written as NULL
	}
	certificate := []int{1, 0, 3, 0}
	tried := 0
	for _, n := range nodes(cms{}.over(nil), 0, nil) {
		r := stampWith(t, func(m []byte) []byte { return grown(cms{}.over(m), n.path) }, nil)
		ok := false
		for _, o := range open {
			ok = ok || slices.Equal(n.path, o) || under(n.path, []int{1, 0, 1})
		}
		if got := r.Stamp != nil && r.Stamp.Trusted; got != ok {
			t.Errorf("a NULL in %v (tag %#x): trusted %v, %s", n.path, n.tag, got, explain(r))
		}
		// What is wrong with a certificate, the signer's name or a signed attribute shows as it may; the frame is malformed.
		if !ok && !under(n.path, certificate) && !under(n.path, []int{1, 0, 4, 0, 3}) && !under(n.path, []int{1, 0, 4, 0, 1, 0}) {
			if !says(r, "timeStamp.malformed", "") {
				t.Errorf("a NULL in %v (tag %#x): %s", n.path, n.tag, explain(r))
			}
		}
		tried++
	}
	if tried < 20 {
		t.Errorf("%d places tried", tried)
	}
}

// A NULL too many in the frame of a TSTInfo: malformed, though it is signed.
func TestTSTInfoWithSomethingMoreIsRefused(t *testing.T) {
	info := cms{}.info([]byte("x"))
	for _, n := range nodes(info, 0, nil) {
		r := stampWith(t, func([]byte) []byte { return cms{Info: grown(info, n.path)}.over(nil) }, nil)
		expect(t, r, []string{"timeStamp.malformed"}, []string{"timeStamp.validated"})
	}
}

// Any part of a token is another thing or is not there: no such token counts, but for the list of digests, which nobody
// reads.
func TestTokenWithAPartExchangedIsRefused(t *testing.T) {
	tried := 0
	for _, n := range nodes(cms{}.over(nil), 0, nil)[1:] {
		if len(n.path) > 3 && under(n.path, []int{1, 0, 1}) {
			continue
		}
		for _, part := range [][]byte{nil, asn1.NullBytes} {
			r := stampWith(t, func(m []byte) []byte { return swapped(cms{}.over(m), n.path, part) }, nil)
			if r.Stamp == nil || r.Stamp.Trusted {
				t.Errorf("%x in %v (tag %#x): %s", part, n.path, n.tag, explain(r))
			}
			tried++
		}
	}
	if tried < 40 {
		t.Errorf("%d places tried", tried)
	}
}

// Each field of a TSTInfo is another thing or is not there: malformed, though it is signed.
func TestTSTInfoWithAFieldExchangedIsRefused(t *testing.T) {
	info := cms{}.info([]byte("x"))
	paths := [][]int{{0}, {1}, {2}, {2, 0}, {2, 1}, {3}, {4}}
	for _, path := range paths {
		for _, part := range [][]byte{nil, asn1.NullBytes} {
			r := stampWith(t, func([]byte) []byte { return cms{Info: swapped(info, path, part)}.over(nil) }, nil)
			if expect(t, r, []string{"timeStamp.malformed"}, []string{"timeStamp.validated"}); t.Failed() {
				t.Fatalf("%x in %v: %s", part, path, explain(r))
			}
		}
	}
}

// Any part of a response about revocation is another thing, is not there or has something more: it never says that a
// certificate is good.
func TestResponseWithAPartExchangedSaysNothing(t *testing.T) {
	good := about(nil)
	expect(t, verify(t, stapled(good), nil), []string{ocspGood}, nil)
	list := nodes(good, 0, nil)
	for _, n := range list[1:] {
		for _, bad := range [][]byte{swapped(good, n.path, nil), swapped(good, n.path, asn1.NullBytes), grown(good, n.path)} {
			if r := verify(t, stapled(bad), nil); says(r, ocspGood, "") {
				t.Errorf("%v (tag %#x): %s", n.path, n.tag, explain(r))
			}
		}
	}
	// What lies in the octet string is a structure of its own.
	inner := content(after(content(content(after(content(good))))))
	for _, n := range nodes(inner, 0, nil)[1:] {
		for _, bad := range [][]byte{swapped(inner, n.path, nil), swapped(inner, n.path, asn1.NullBytes), grown(inner, n.path)} {
			whole := seq(tlv(0x0a, []byte{0}), tlv(0xa0, seq(der(oid(1, 3, 6, 1, 5, 5, 7, 48, 1, 1)), tlv(4, bad))))
			if r := verify(t, stapled(whole), nil); says(r, ocspGood, "") && !slices.Equal(n.path, []int{1}) { // NULL may be an algorithm's parameters
				t.Errorf("%v (tag %#x) of the response: %s", n.path, n.tag, explain(r))
			}
		}
	}
	whole := seq(tlv(0x0a, []byte{0}), tlv(0xa0, seq(der(oid(1, 3, 6, 1, 5, 5, 7, 48, 1, 1)), tlv(4, inner))))
	expect(t, verify(t, stapled(whole), nil), []string{ocspGood}, nil)
}

// A NULL too many anywhere in a certificate but in its names: it is refused, though its issuer signed it so.
func TestCertificateWithSomethingMoreIsRefused(t *testing.T) {
	good := leafKey().make()
	tried := 0
	for _, n := range nodes(good.DER, 0, nil) {
		// A name is compared as bytes, and read for people alone; NULL may be an algorithm's parameters.
		soft := under(n.path, []int{0, 3}) || under(n.path, []int{0, 5}) || under(n.path, []int{0, 2}) || under(n.path, []int{1})
		bad := *good
		bad.DER = grown(good.DER, n.path)
		if under(n.path, []int{0}) {
			bad.DER = resigned(bad.DER, root())
		}
		r := judge(t, "ES256", &bad, root())
		if soft {
			if renamed := under(n.path, []int{0, 5}); r.Trusted && !renamed {
				t.Errorf("a NULL in %v: trusted", n.path)
			}
			continue
		}
		expect(t, r, []string{"signingCredential.invalid"}, []string{"signingCredential.trusted"})
		tried++
	}
	if tried < 10 {
		t.Errorf("%d places tried", tried)
	}
}

// Each part of a certificate's content in turn is another thing or is not there: it is refused, though its issuer signed
// it so. Only the extensions may be left out as a whole; the profile misses them then.
func TestCertificateWithAPartExchangedIsRefused(t *testing.T) {
	good := leafKey().make()
	for name, part := range map[string][]byte{"NULL": asn1.NullBytes, "nothing": nil, "an empty sequence": seq()} {
		for i := range 8 {
			bad := *good
			bad.DER = resigned(swapped(good.DER, []int{0, i}, part), root())
			if i == 3 || i == 5 { // names are compared as bytes: an empty one is a name
				if r := judge(t, "ES256", &bad, root()); r.Trusted && !(i == 5 && len(part) == len(seq()) && part[0] == 0x30) {
					t.Errorf("part %d is %s: trusted", i, name)
				}
				continue
			}
			if i == 0 && part == nil { // without its version it is of version 1
				expect(t, judge(t, "ES256", &bad, root()), []string{"signingCredential.invalid"}, []string{"signingCredential.trusted"})
				continue
			}
			if r := judge(t, "ES256", &bad, root()); r.Trusted || !says(r, "signingCredential.invalid", "") {
				t.Errorf("part %d is %s: %s", i, name, explain(r))
			}
		}
	}
	for version, words := range map[int]string{3: "DER", -1: "DER"} {
		expect(t, judge(t, "ES256", with(func(m *mint) { m.Version = version }), root()), []string{"signingCredential.invalid"}, nil)
		if r := judge(t, "ES256", with(func(m *mint) { m.Version = version }), root()); !says(r, "signingCredential.invalid", words) {
			t.Errorf("version %d: %s", version, explain(r))
		}
	}
}

// swapped returns the DER with another element at a path.
func swapped(b []byte, path []int, by []byte) []byte {
	if len(path) == 0 {
		return by
	}
	body := content(b)
	var parts [][]byte
	for i := 0; len(body) > 0; i++ {
		rest := after(body)
		el := body[:len(body)-len(rest)]
		if i == path[0] {
			el = swapped(el, path[1:], by)
		}
		parts, body = append(parts, el), rest
	}
	return tlv(b[0], parts...)
}

// resigned signs a certificate's content anew.
func resigned(cert []byte, by *minted) []byte {
	body := content(cert)
	tbs := body[:len(body)-len(after(body))]
	sig := signWith(by.Key, ecdsaSHA256, tbs)
	return seq(tbs, ecdsaSHA256, der(asn1.BitString{Bytes: sig, BitLength: 8 * len(sig)}))
}

// Extensions whose value has something after its end.
func TestExtensionWithSomethingMoreIsRefused(t *testing.T) {
	null := asn1.NullBytes
	ski := tlv(4, make([]byte, 20))
	aia := seq(seq(der(oid(1, 3, 6, 1, 5, 5, 7, 48, 1)), tlv(0x86, []byte("http://ocsp.invalid/"))))
	for _, tc := range []struct {
		name, without string
		value         []byte
		id            []int
	}{
		{"subject key identifier", "ski", append(ski, null...), []int{2, 5, 29, 14}},
		{"authority key identifier", "aki", append(seq(), null...), []int{2, 5, 29, 35}},
		{"basic constraints", "basic", append(seq(), null...), []int{2, 5, 29, 19}},
		{"basic constraints, inside", "basic", seq(null), []int{2, 5, 29, 19}},
		{"basic constraints with a negative path length", "basic", seq(der(-1)), []int{2, 5, 29, 19}},
		{"key usage", "usage", append(bits(0), null...), []int{2, 5, 29, 15}},
		{"extended key usage", "eku", append(der(purposeClaim), null...), []int{2, 5, 29, 37}},
		{"extended key usage, inside", "eku", seq(der(forge.ClaimSigning), null), []int{2, 5, 29, 37}},
		{"authority information access", "", append(slices.Clone(aia), null...), []int{1, 3, 6, 1, 5, 5, 7, 1, 1}},
		{"authority information access, inside", "", seq(null), []int{1, 3, 6, 1, 5, 5, 7, 1, 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			leaf := with(func(m *mint) {
				m.Without = []string{tc.without}
				m.Extra = [][]byte{ext(false, tc.value, tc.id...)}
			})
			r := judge(t, "ES256", leaf, root())
			expect(t, r, []string{"signingCredential.invalid"}, []string{"signingCredential.trusted"})
			if !says(r, "signingCredential.invalid", "cannot be read") {
				t.Error(explain(r))
			}
			// In an issuer it is no path.
			mid := ca("Bad Middle", root(), func(m *mint) {
				m.Without = []string{tc.without}
				m.Extra = [][]byte{ext(false, tc.value, tc.id...)}
			})
			if r := judge(t, "ES256", leafUnder(mid, nil), root(), mid); r.Trusted && tc.without != "eku" {
				t.Error("an issuer with a broken extension is part of a path")
			}
			if r := judge(t, "ES256", leafUnder(mid, nil), mid); r.Trusted && tc.without != "eku" {
				t.Error("an anchor with a broken extension anchors")
			}
		})
	}
}

// PSS parameters with something more, or another trailer.
func TestPSSParametersAreReadToTheirEnd(t *testing.T) {
	rsaRoot := rootRSA()
	good := content(pssParams(hashSHA256, mgfOf(hashSHA256), 32))
	for name, params := range map[string][]byte{
		"something more":      seq(good, asn1.NullBytes),
		"another trailer":     seq(good, tlv(0xa3, der(2))),
		"a salt of text":      seq(tlv(0xa0, hashSHA256), tlv(0xa1, mgfOf(hashSHA256)), tlv(0xa2, tlv(0x0c, []byte("x")))),
		"a negative salt":     pssParams(hashSHA256, mgfOf(hashSHA256), -1),
		"another generator":   pssParams(hashSHA256, seq(der(oid(1, 2, 3)), hashSHA256), 32),
		"hash with something": pssParams(seq(der(oidSHA256), der(1)), mgfOf(hashSHA256), 32),
		"no sequence":         der(1),
	} {
		leaf := with(func(m *mint) { m.By, m.Alg = rsaRoot, pss(params) })
		r := judge(t, "ES256", leaf, rsaRoot)
		expect(t, r, []string{"signingCredential.invalid"}, []string{"signingCredential.trusted"})
		if !says(r, "signingCredential.invalid", "PSS") {
			t.Errorf("%s: %s", name, explain(r))
		}
	}
	// The trailer spelled out is the default.
	leaf := with(func(m *mint) { m.By, m.Alg = rsaRoot, pss(seq(good, tlv(0xa3, der(1)))) })
	expect(t, judge(t, "ES256", leaf, rsaRoot), []string{"signingCredential.trusted"}, nil)
}

// Responses that are none.
func TestResponses(t *testing.T) {
	token := cms{}.over([]byte("x"))
	for name, tc := range map[string]struct {
		raw []byte
		ok  bool
	}{
		"granted":              {seq(seq(der(0)), token), true},
		"granted with changes": {seq(seq(der(1)), token), true},
		"refused":              {seq(seq(der(2)), token), false},
		"without status":       {seq(token), false},
		"without token":        {seq(seq(der(0))), false},
		"with something more":  {seq(seq(der(0)), token, asn1.NullBytes), false},
		"nothing":              {nil, false},
	} {
		got, err := signing.ResponseToken(tc.raw)
		if (err == nil) != tc.ok || tc.ok && !bytes.Equal(got, token) || !tc.ok && got != nil {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}
