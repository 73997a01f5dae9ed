package signing

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// NewTimestampRequest builds the body of a POST to a time-stamp authority (application/timestamp-query) for a message:
// its SHA-256, a nonce, and the wish for the authority's certificates, which C2PA wants in the token. RFC 3161, 2.4.1.
func NewTimestampRequest(message []byte, nonce *big.Int) ([]byte, error) {
	sum := sha256.Sum256(message)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidSHA256)
				b.AddASN1NULL()
			})
			b.AddASN1OctetString(sum[:])
		})
		b.AddASN1BigInt(nonce)
		b.AddASN1Boolean(true)
	})
	return b.Bytes()
}

// ParseTimestampResponse takes the token out of an authority's answer (application/timestamp-reply). The token must be
// for the message and repeat the nonce; who signed it is not judged here. RFC 3161, 2.4.2.
func ParseTimestampResponse(response, message []byte, nonce *big.Int) ([]byte, error) {
	tok, err := responseToken(response)
	if err != nil {
		return nil, err
	}
	if err := checkImprint(tok, message); err != nil {
		return nil, err
	}
	t, err := parseToken(tok)
	if err != nil {
		return nil, err
	}
	if got := nonceOf(t.content); got == nil || got.Cmp(nonce) != 0 {
		return nil, errors.New("the answer is for another request: its nonce differs")
	}
	return tok, nil
}

// checkImprint checks that a token is one for the message.
func checkImprint(tok, message []byte) error {
	t, err := parseToken(tok)
	if err != nil {
		return err
	}
	hash, ok := hashOf(t.info.hash.oid)
	if !ok {
		return errors.New("the token's imprint has a hash that C2PA does not allow")
	}
	h := hash.New()
	h.Write(message)
	if !bytes.Equal(h.Sum(nil), t.info.imprint) {
		return errors.New("the token is for other bytes")
	}
	return nil
}

// nonceOf reads the nonce of a TSTInfo; nil: it has none.
func nonceOf(content []byte) *big.Int {
	in := cryptobyte.String(content)
	var body cryptobyte.String
	n := new(big.Int)
	if !in.ReadASN1(&body, cbasn1.SEQUENCE) || !body.SkipASN1(cbasn1.INTEGER) || !body.SkipASN1(cbasn1.OBJECT_IDENTIFIER) ||
		!body.SkipASN1(cbasn1.SEQUENCE) || !body.SkipASN1(cbasn1.INTEGER) || !body.SkipASN1(cbasn1.GeneralizedTime) ||
		!body.SkipOptionalASN1(cbasn1.SEQUENCE) || !body.SkipOptionalASN1(cbasn1.BOOLEAN) ||
		!body.PeekASN1Tag(asn1.TagInteger) || !body.ReadASN1Integer(n) {
		return nil
	}
	return n
}

// ocspRequest is the body of a POST to an OCSP responder (application/ocsp-request) for one certificate. The certificate
// is named by SHA-1, as every responder understands it. Responders that make their answers beforehand leave the nonce
// out of them. RFC 6960, 4.1; RFC 9654.
func ocspRequest(c, issuer *certificate, nonce []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // requestList
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // CertID
						b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
							b.AddASN1ObjectIdentifier(oidSHA1)
							b.AddASN1NULL()
						})
						b.AddASN1OctetString(hashName(oidSHA1, c.issuer))
						b.AddASN1OctetString(hashName(oidSHA1, issuer.key.raw))
						b.AddASN1(cbasn1.INTEGER, func(b *cryptobyte.Builder) { b.AddBytes(c.serial) })
					})
				})
			})
			if nonce == nil {
				return
			}
			b.AddASN1(cbasn1.Tag(2).Constructed().ContextSpecific(), func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1ObjectIdentifier(oidNonce)
						b.AddASN1(cbasn1.OCTET_STRING, func(b *cryptobyte.Builder) { b.AddASN1OctetString(nonce) })
					})
				})
			})
		})
	})
	return b.Bytes()
}
