package consent

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"
)

// head is the header of a token of the performer.
func head() object {
	return object{"alg": "EdDSA", "typ": "consent+jwt", "kid": "performer"}
}

// TestForm holds one good token and its named corruptions against the rules of form, key and signature: each has its
// one code, and the good ones beside them show that the rule is not stricter than written. Consent format 1, 3 and 3.1.
//
// One table, hence its length.
func TestForm(t *testing.T) {
	key := testKey(t, "performer", "Ed25519")
	other := testKey(t, "stranger", "Ed25519")
	good := aGrant().text(t)
	h := head().text(t)
	insert := func(text string) string { return strings.Replace(good, `"jti"`, text+`,"jti"`, 1) }
	with := func(header, payload string) string { return signText(t, header, payload, key) }
	raw := with(h, good)
	parts := strings.Split(raw, ".")
	deep := func(n int) string { return `"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) }
	const malformed, large, valid = "consent.token.malformed", "consent.token.tooLarge", ""
	headerOf := func(size int) string {
		bare := head().set("pad", "").text(t)
		return head().set("pad", strings.Repeat("a", size-len(bare))).text(t)
	}
	sized := func(size int) string {
		// Not every length is the base64url of something: the header is padded, too, until one fits.
		n := base64.RawURLEncoding.EncodedLen
		for pad := 0; pad < 4; pad++ {
			header := head().set("pad", strings.Repeat("a", pad)).text(t)
			bare := len(insert(`"pad":""`))
			for body := 0; body < size; body++ {
				if n(len(header))+n(bare+body)+n(64)+2 == size {
					return with(header, insert(`"pad":"`+strings.Repeat("a", body)+`"`))
				}
			}
		}
		t.Fatalf("no token of %d bytes", size)
		return ""
	}
	hs256 := func() string {
		input := b64(head().set("alg", "HS256").text(t)) + "." + b64(good)
		m := hmac.New(sha256.New, key.Public.JWK())
		m.Write([]byte(input))
		return input + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
	}
	for _, c := range []struct{ name, token, want string }{
		{"good", raw, valid},
		{"alg Ed25519", with(head().set("alg", "Ed25519").text(t), good), valid},
		{"empty", "", malformed},
		{"two parts", parts[0] + "." + parts[1], malformed},
		{"four parts", raw + ".AA", malformed},
		{"JSON serialisation", `{"protected":"` + parts[0] + `","payload":"` + parts[1] + `","signature":"` + parts[2] + `"}`, malformed},
		{"a line feed at the end", raw + "\n", malformed},
		{"a space in the payload", parts[0] + "." + parts[1][:8] + " " + parts[1][8:] + "." + parts[2], malformed},
		{"padding", raw + "==", malformed},
		{"standard base64", strings.ReplaceAll(raw, "_", "/") + "+", malformed},
		{"header is no JSON", signText(t, "{", good, key), malformed},
		{"header is an array", signText(t, "[]", good, key), malformed},
		{"payload is an array", with(h, "[]"), malformed},
		{"payload is a string", with(h, `"x"`), malformed},
		{"text after the payload", with(h, good+"x"), malformed},
		{"byte order mark", with(h, "\uFEFF"+good), malformed},
		{"comment", with(h, "/**/"+good), malformed},
		{"trailing comma", with(h, strings.TrimSuffix(good, "}")+",}"), malformed},
		{"crit", with(head().set("crit", []string{"exp"}).text(t), good), malformed},
		{"crit empty", with(head().set("crit", []string{}).text(t), good), malformed},
		{"b64 false", with(head().set("b64", false).text(t), good), malformed},
		{"b64 true", with(head().set("b64", true).text(t), good), valid},
		{"b64 a text", with(head().set("b64", "true").text(t), good), malformed},
		{"jku", with(head().set("jku", "https://evil.test").text(t), good), valid},
		{"x5u", with(head().set("x5u", "https://evil.test").text(t), good), valid},
		{"x5c", with(head().set("x5c", []string{"AA"}).text(t), good), valid},
		{"a stranger's jwk in the header", with(head().set("jwk", object{"kty": "OKP", "crv": "Ed25519", "x": other.Public.x}).text(t), good), valid},
		{"signed by the jwk in the header", signText(t, head().set("jwk", object{"kty": "OKP", "crv": "Ed25519", "x": other.Public.x}).text(t), good, other), "consent.token.signatureInvalid"},
		{"duplicate in the header", with(`{"alg":"EdDSA",`+h[1:], good), malformed},
		{"duplicate in the payload", with(h, insert(`"exp":4000000000`)), malformed},
		{"duplicate in consent", with(h, strings.Replace(good, `"type":"grant"`, `"type":"grant","type":"refusal"`, 1)), malformed},
		{"duplicate in an unknown member", with(h, insert(`"x":[{"a":1,"a":1}]`)), malformed},
		{"duplicate written with an escape", with(h, insert(`"\u0065xp":4000000000`)), malformed},
		{"another case is another member", with(h, insert(`"EXP":1,"Iss":2`)), valid},
		{"not UTF-8", with(h, insert("\"x\":\"\xff\"")), malformed},
		{"not UTF-8 after an escape", with(h, insert("\"x\":\"\\n\xff\"")), malformed},
		{"not UTF-8 in a name", with(h, insert("\"\xc3\":1")), malformed},
		{"overlong UTF-8", with(h, insert("\"x\":\"\xc0\xaf\"")), malformed},
		{"encoded surrogate", with(h, insert("\"x\":\"\xed\xa0\x80\"")), malformed},
		{"lone high surrogate", with(h, insert(`"x":"\ud800"`)), malformed},
		{"lone low surrogate", with(h, insert(`"x":"\udc00"`)), malformed},
		{"surrogates in the wrong order", with(h, insert(`"x":"\udc00\ud800"`)), malformed},
		{"a surrogate pair", with(h, insert(`"x":"\ud83d\ude00"`)), valid},
		{"control character", with(h, insert("\"x\":\"\x01\"")), malformed},
		{"NaN", with(h, insert(`"x":NaN`)), malformed},
		{"leading zero", with(h, insert(`"x":01`)), malformed},
		{"depth 8", with(h, insert(deep(7))), valid},
		{"depth 9", with(h, insert(deep(8))), malformed},
		{"depth 5000", with(h, insert(deep(5000))), malformed},
		{"header of 2 KiB", with(headerOf(maxHeader), good), valid},
		{"header past 2 KiB", with(headerOf(maxHeader+1), good), large},
		{"token of 16 KiB", sized(maxToken), valid},
		{"token past 16 KiB", sized(maxToken) + "A", large},
		{"iat fraction", with(h, strings.Replace(good, `"iat":`, `"iat":1.5,"x":`, 1)), malformed},
		{"iat exponent", with(h, strings.Replace(good, `"iat":`, `"iat":1e9,"x":`, 1)), malformed},
		{"iat text", with(h, aGrant().set("iat", "1").text(t)), malformed},
		{"exp true", with(h, aGrant().set("exp", true).text(t)), malformed},
		{"nbf text", with(h, aGrant().set("nbf", "1").text(t)), malformed},
		{"iat before 1970", with(h, aGrant().set("iat", -1).text(t)), malformed},
		{"exp after 2100", with(h, aGrant().set("exp", int64(maxDate)+1).text(t)), malformed},
		{"exp beyond any integer", with(h, strings.Replace(good, `"exp":`, `"exp":99999999999999999999,"x":`, 1)), malformed},
		{"iss a number", with(h, aGrant().set("iss", 1).text(t)), malformed},
		{"consent a text", with(h, aGrant().set("consent", "x").text(t)), malformed},
		{"modality a text", with(h, aGrant().set("consent.modality", "face").text(t)), malformed},
		{"cnf of a number", with(h, aGrant().set("cnf", object{"jkt": 1}).text(t)), malformed},
		{"cnf a text", with(h, aGrant().set("cnf", signerJKT).text(t)), malformed},
		{"a licence of a number", with(h, aGrant().set("consent.licence", object{"uri": 1}).text(t)), malformed},
		{"an asset of a number", with(h, aGrant().set("consent.asset", object{"of": 1}).text(t)), malformed},
		{"a status without index", with(h, aGrant().set("status.status_list.idx", nil).text(t)), malformed},
		{"a status with an index below zero", with(h, aGrant().set("status.status_list.idx", -1).text(t)), malformed},
		{"a status with the index of a text", with(h, aGrant().set("status.status_list.idx", "5").text(t)), malformed},
		{"a status without an address", with(h, aGrant().set("status.status_list.uri", nil).text(t)), malformed},
		{"a status that is no object", with(h, aGrant().set("status", object{"status_list": 5}).text(t)), malformed},
		{"aud of numbers", with(h, aGrant().set("aud", []int{1}).text(t)), malformed},
		{"alg none", b64(head().set("alg", "none").text(t)) + "." + parts[1] + ".", "consent.token.algUnsupported"},
		{"alg HS256 with the public key", hs256(), "consent.token.algUnsupported"},
		{"alg none of an issuer on no list", b64(head().set("alg", "none").text(t)) + "." + b64(aGrant().set("iss", "https://else.test").text(t)) + ".", "consent.token.algUnsupported"},
		{"alg missing", with(head().set("alg", nil).text(t), good), "consent.token.algUnsupported"},
		{"alg a number", with(head().set("alg", 1).text(t), good), "consent.token.algUnsupported"},
		{"alg in another case", with(head().set("alg", "eddsa").text(t), good), "consent.token.algUnsupported"},
		{"alg RS256", with(head().set("alg", "RS256").text(t), good), "consent.token.algUnsupported"},
		{"alg PS256", with(head().set("alg", "PS256").text(t), good), "consent.token.algUnsupported"},
		{"alg ES512", with(head().set("alg", "ES512").text(t), good), "consent.token.algUnsupported"},
		{"alg ES256 with an Ed25519 key", with(head().set("alg", "ES256").text(t), good), "consent.token.algUnsupported"},
		{"typ missing", with(head().set("typ", nil).text(t), good), "consent.token.typeMismatch"},
		{"typ JWT", with(head().set("typ", "JWT").text(t), good), "consent.token.typeMismatch"},
		{"typ in another case", with(head().set("typ", "Consent+jwt").text(t), good), "consent.token.typeMismatch"},
		{"typ a delegation's", with(head().set("typ", "consent-delegation+jwt").text(t), good), "consent.token.typeMismatch"},
		{"typ SD-JWT without ~", with(head().set("typ", "consent+sd-jwt").text(t), good), "consent.token.typeMismatch"},
		{"~ behind typ JWT", raw + "~", "consent.token.typeMismatch"},
		{"iss missing", with(h, aGrant().set("iss", nil).text(t)), "consent.token.missingClaim"},
		{"iss unlisted", with(h, aGrant().set("iss", "https://performer.test/").text(t)), "consent.issuer.untrusted"},
		{"kid missing", with(head().set("kid", nil).text(t), good), "consent.token.keyUnknown"},
		{"kid a number", with(head().set("kid", 1).text(t), good), "consent.token.keyUnknown"},
		{"kid of another issuer", with(head().set("kid", "guild").text(t), good), "consent.token.keyUnknown"},
		{"kid in another case", with(head().set("kid", "Performer").text(t), good), "consent.token.keyUnknown"},
		{"signed by a stranger", signText(t, h, good, other), "consent.token.signatureInvalid"},
		{"signature missing", parts[0] + "." + parts[1] + ".", "consent.token.signatureInvalid"},
		{"signature a byte short", parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 63)), "consent.token.signatureInvalid"},
		{"payload changed", parts[0] + "." + b64(aGrant().set("exp", made.AddDate(2, 0, 0).Unix()).text(t)) + "." + parts[2], "consent.token.signatureInvalid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			r := w.c.check(tokenInput{raw: c.token, entry: w.e})
			got := ""
			if len(r.atGeneration.failures) > 0 {
				got = r.atGeneration.failures[0]
			}
			if got != c.want {
				t.Errorf("got %q, want %q: %v", got, c.want, r.findings)
			}
			if c.want != valid && r.atGeneration.level != "E2" {
				t.Errorf("a token that fails has level %s", r.atGeneration.level)
			}
		})
	}
}

// TestPartsAreDecodedStrictly asks both decoders, which must agree: one content has one text.
func TestPartsAreDecodedStrictly(t *testing.T) {
	long := strings.Repeat("QUJD", 3000)
	for text, want := range map[string]string{
		"": "", "QQ": "A", "QUI": "AB", "QUJD": "ABC", "-_-_": "\xfb\xff\xbf", long: strings.Repeat("ABC", 3000), long + "QQ": strings.Repeat("ABC", 3000) + "A",
		"Q": "-", "QQ==": "-", "QUJD\n": "-", "QU\r\nJD": "-", "QR": "-", "QUK": "-", "QUJDR": "-", "+/+/": "-", "QUJD ": "-", long + "Q": "-", long + "\n": "-", "\n" + long: "-",
	} {
		b, ok := decodePart(text)
		s, okText := decodeText(text)
		if ok != (want != "-") || okText != ok || ok && (string(b) != want || s != want) || !ok && b != nil || !okText && s != "" {
			t.Errorf("%.20q: %.20q %v, %.20q %v", text, b, ok, s, okText)
		}
	}
}

// TestFormSaysWhere names what is wrong with a token's text, with its place.
func TestFormSaysWhere(t *testing.T) {
	h, p := b64(`{"a":1}`), b64(`{}`)
	for _, c := range []struct {
		text, path, reason string
		offset             int64
	}{
		{"", "", "but 1", 0},
		{h + ".." + p + ".", "", "but 4", 0},
		{"a+." + p + ".", "header", "without padding", 1},
		{h + ".ab=." + p, "payload", "without padding", int64(len(h)) + 3},
		{h + "." + p + ".abc ", "signature", "without padding", int64(len(h)+len(p)) + 5},
		{"Q." + p + ".", "header", "whole bytes", 0},
		{h + ".Q.", "payload", "whole bytes", 0},
		{h + ".." + h, "payload", "ends early", 0},
		{h + "." + b64("[]") + ".", "payload", "not a JSON object", 0},
		{h + "." + p + ".~QQ", "", "the final ~", int64(len(h)+len(p)) + 5},
		{h + "." + p + ".~~", "disclosures[0]", "not base64url", int64(len(h)+len(p)) + 3},
		{h + "." + p + ".~QQ~Q=~", "disclosures[1]", "not base64url", int64(len(h)+len(p)) + 7},
		{h + "." + p + ".~QQ~~QQ~", "disclosures[1]", "not base64url", int64(len(h)+len(p)) + 6},
		{b64(`{"crit":null}`) + "." + p + ".", "header.crit", "not allowed", 0},
		{b64(`{"b64":null}`) + "." + p + ".", "header.b64", "not allowed", 0},
	} {
		got, err := parseCompact(c.text, tokenForm)
		if got != nil || err == nil || err.Path != c.path || err.Offset != c.offset || !strings.Contains(err.Reason, c.reason) || err.Large {
			t.Errorf("%s: %+v, want %q at %q, offset %d", c.text, err, c.reason, c.path, c.offset)
		}
	}
	for n, ok := range map[int]bool{maxDisclosures: true, maxDisclosures + 1: false} {
		if _, err := parseCompact(h+"."+p+".~"+strings.Repeat("QQ~", n), tokenForm); (err == nil) != ok || !ok && (!err.Large || err.Path != "disclosures") {
			t.Errorf("%d disclosures: %v", n, err)
		}
	}
}

// TestSignatures walks the three algorithms, and every pair of an algorithm with another's key.
func TestSignatures(t *testing.T) {
	input := "a.b"
	keys := []*PrivateKey{testKey(t, "a", "Ed25519"), testKey(t, "b", "P-256"), testKey(t, "c", "P-384")}
	for _, k := range keys {
		sig, err := k.sign(input)
		if err != nil {
			t.Fatal(err)
		}
		for alg := range algorithms {
			want := alg == k.Alg() || alg == "Ed25519" && k.Alg() == "EdDSA"
			if got := k.Public.verify(alg, input, sig); got != want {
				t.Errorf("%s signature under %s: %v", k.Alg(), alg, got)
			}
		}
		if k.Public.verify(k.Alg(), input+"x", sig) || k.Public.verify(k.Alg(), input, sig[1:]) || k.Public.verify(k.Alg(), input, append([]byte{0}, sig...)) {
			t.Errorf("%s: another text or length verifies", k.Alg())
		}
		for i := 0; i < len(sig); i += 5 {
			bad := append([]byte(nil), sig...)
			bad[i] ^= 0x10
			if k.Public.verify(k.Alg(), input, bad) {
				t.Fatalf("%s: byte %d changed and it verifies", k.Alg(), i)
			}
		}
		if k.Public.verify(k.Alg(), input, make([]byte, len(sig))) {
			t.Errorf("%s: zeros verify", k.Alg())
		}
	}
}

func TestKeys(t *testing.T) {
	k := testKey(t, "k", "P-256")
	back, err := ParseKey(k.Public.JWK())
	if err != nil || back.Thumbprint() != k.Public.Thumbprint() {
		t.Fatalf("a key does not survive its JWK: %v", err)
	}
	text, err := k.PEM()
	if err != nil {
		t.Fatal(err)
	}
	if private, err := ParsePrivateKey(text); err != nil || private.Public.Thumbprint() != k.Public.Thumbprint() {
		t.Fatalf("a key does not survive its PEM: %v", err)
	}
	// RFC 7638 has no Ed25519 example; RFC 8037, A.3 has.
	okp, err := ParseKey([]byte(`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`))
	if err != nil || okp.Thumbprint() != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Fatalf("thumbprint of RFC 8037, A.3: %v", err)
	}
	private, err := ParsePrivateKey([]byte(`{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`))
	if err != nil {
		t.Fatal(err)
	}
	const rfc8037 = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
	const signed = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
	if sig, err := private.sign(rfc8037); err != nil || base64.RawURLEncoding.EncodeToString(sig) != signed {
		t.Errorf("signature of RFC 8037, A.4 differs: %v", err)
	}
	y := `"kty":"OKP","crv":"Ed25519","x":"` + okp.x + `"`
	if k, err := ParseKey([]byte(`{"y":"AAAA",` + y + `}`)); err != nil || k.Thumbprint() != okp.Thumbprint() {
		t.Errorf("an Ed25519 key with a member that such a key does not have: %v", err)
	}
	for name, jwk := range map[string]string{
		"a point off the curve": `{"kty":"EC","crv":"P-256","x":"` + k.Public.x + `","y":"` + k.Public.x + `"}`,
		"another curve":         `{"kty":"EC","crv":"P-521","x":"AA","y":"AA"}`,
		"type and curve apart":  `{"kty":"EC","crv":"Ed25519","x":"` + okp.x + `"}`,
		"a short coordinate":    `{"kty":"OKP","crv":"Ed25519","x":"AA"}`,
		"no coordinate":         `{"kty":"OKP","crv":"Ed25519"}`,
		"symmetric":             `{"kty":"oct","k":"AA"}`,
		"member twice":          `{"kty":"OKP","kty":"OKP","crv":"Ed25519","x":"` + okp.x + `"}`,
		"empty":                 `{}`,
	} {
		if k, err := ParseKey([]byte(jwk)); err == nil || k != nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestKeysThatAreNotRead says what is wrong with each.
func TestKeysThatAreNotRead(t *testing.T) {
	ec, okp := testKey(t, "k", "P-256").Public, testKey(t, "k", "Ed25519").Public
	longer := func(s string) string {
		b, _ := decodePart(s)
		return base64.RawURLEncoding.EncodeToString(append([]byte{0}, b...))
	}
	const curve, size = "is not allowed", "not of the curve's size"
	for name, c := range map[string]struct{ jwk, want string }{
		"a curve that nobody allowed":        {`{"kty":"EC","crv":"P-521","x":"AA","y":"AA"}`, curve},
		"a curve of the other type":          {`{"kty":"OKP","crv":"P-256","x":"` + ec.x + `","y":"` + ec.y + `"}`, curve},
		"a type with the curve of another":   {`{"kty":"EC","crv":"Ed25519","x":"` + okp.x + `"}`, curve},
		"a type that nobody knows":           {`{"kty":"XX","crv":"P-256","x":"` + ec.x + `","y":"` + ec.y + `"}`, curve},
		"no type":                            {`{"crv":"P-256","x":"` + ec.x + `","y":"` + ec.y + `"}`, curve},
		"a coordinate with a zero before it": {`{"kty":"EC","crv":"P-256","x":"` + longer(ec.x) + `","y":"` + ec.y + `"}`, size},
		"a long Ed25519 key":                 {`{"kty":"OKP","crv":"Ed25519","x":"` + longer(okp.x) + `"}`, size},
		"no Ed25519 key":                     {`{"kty":"OKP","crv":"Ed25519"}`, "no point of its curve"},
		"no second coordinate":               {`{"kty":"EC","crv":"P-256","x":"` + ec.x + `"}`, size},
		"a coordinate with padding":          {`{"kty":"EC","crv":"P-256","x":"` + ec.x + `=","y":"` + ec.y + `"}`, size},
		"text after it":                      {string(ec.JWK()) + "x", "text after the JSON value"},
	} {
		k, err := ParseKey([]byte(c.jwk))
		if k != nil || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error that says %q", name, err, c.want)
		}
	}
	var none *Key
	if none.verify("EdDSA", "x", make([]byte, 64)) || (&Key{}).fits("none") || (&Key{}).verify("none", "x", nil) {
		t.Error("no key fits an algorithm")
	}
	if _, err := (&PrivateKey{}).PEM(); err == nil {
		t.Error("no key was written as PEM")
	}
	if sig, err := (&PrivateKey{Public: &Key{}}).sign("x"); err == nil || sig != nil {
		t.Error("no key signs")
	}
}

// TestPrivateKeysThatAreNotRead says what is wrong with each, and reads the other form of PEM.
func TestPrivateKeysThatAreNotRead(t *testing.T) {
	key := testKey(t, "k", "P-256")
	der, err := x509.MarshalECPrivateKey(key.raw.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	sec1 := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
	if k, err := ParsePrivateKey(sec1); err != nil || k.Public.Thumbprint() != key.Public.Thumbprint() {
		t.Errorf("SEC 1: %v", err)
	}
	if _, err := ParsePrivateKey(append(sec1, make([]byte, maxKeyText-len(sec1))...)); err != nil {
		t.Errorf("a key file of just the limit: %v", err)
	}
	var large *SyntaxError
	if _, err := ParsePrivateKey(append(sec1, make([]byte, maxKeyText+1-len(sec1))...)); !errors.As(err, &large) || !large.Large {
		t.Errorf("a key file past the limit: %v", err)
	}
	other := func(c elliptic.Curve) string {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKCS8PrivateKey(k)
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	ec, okp := strings.TrimSuffix(string(key.Public.JWK()), "}"), strings.TrimSuffix(string(testKey(t, "k", "Ed25519").Public.JWK()), "}")
	for name, c := range map[string]struct{ text, want string }{
		"no JSON":                        {"{", "neither PEM nor a JWK"},
		"on P-224":                       {other(elliptic.P224()), "neither Ed25519 nor on P-256"},
		"on P-521":                       {other(elliptic.P521()), "is not allowed"},
		"RSA":                            {`{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AQAB"}`, "is not allowed"},
		"public":                         {ec + "}", "no private part"},
		"a private part that is no text": {ec + `,"d":1}`, "no private part"},
		"a private part that is no part": {ec + `,"d":"!"}`, "not a private key"},
		"an empty private part":          {ec + `,"d":""}`, "no private part"},
		"a private part of another key":  {ec + `,"d":"` + b64(strings.Repeat("x", 32)) + `"}`, "that of another one"},
		"an Ed25519 seed of another key": {okp + `,"d":"` + b64(strings.Repeat("x", 32)) + `"}`, "not a private key"},
		"a short Ed25519 seed":           {okp + `,"d":"AAAA"}`, "not a private key"},
		"a long Ed25519 seed":            {okp + `,"d":"` + strings.Repeat("A", 86) + `"}`, "not a private key"},
	} {
		k, err := ParsePrivateKey([]byte(c.text))
		if k != nil || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error that says %q", name, err, c.want)
		}
	}
}

// TestSyntaxError shows that a reader is told where.
func TestSyntaxError(t *testing.T) {
	key := testKey(t, "performer", "Ed25519")
	_, err := ReadToken(signText(t, head().text(t), `{"iss":"x","consent":{"type":"a","type":"b"}}`, key))
	var s *SyntaxError
	if !errors.As(err, &s) || s.Path != "payload.consent" || s.Offset != 33 {
		t.Errorf("got %v", err)
	}
	for _, raw := range []string{"", signText(t, head().text(t), `{"iss":1}`, key), signText(t, head().text(t), `[]`, key)} {
		if tok, err := ReadToken(raw); err == nil || tok != nil {
			t.Error("no error, or a token beside it")
		}
	}
	if time.Unix(maxDate, 0).UTC().Format(time.RFC3339) != "2100-12-31T23:59:59Z" {
		t.Error("the last date is another")
	}
}
