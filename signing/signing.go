// Package signing says who signed a claim, when, and whether that key is trusted.
//
// It reads a COSE_Sign1 (RFC 9052) with its X.509 chain (RFC 9360) and RFC 3161 time-stamps, by the rules of C2PA
// 2.5, 12.3, 13 and 14.7 to 14.9, and makes such signatures. Nothing is fetched, the system's roots are never used,
// and the bytes that were received are verified, never a re-encoding of them. It refuses RSASSA-PKCS1-v1_5 and every
// algorithm outside C2PA's list for claims, attached payloads, and credentials that are ambiguous. OCSP responses
// (RFC 6960) are read where they are at hand; a responder is asked only through the caller ([Input.Ask]).
//
// Start with [Verify]; hostile input gives findings and never an error. To sign, start with [NewSigner] and [Sign1].
package signing

import (
	"crypto/x509"
	"time"

	"github.com/consentry/consentry/report"
)

// Input is a claim signature and what it is to be held against.
type Input struct {
	COSE    []byte    // content of the signature box's cbor box: COSE_Sign1_Tagged
	Payload []byte    // content of the claim's cbor box, as it is in the file
	URL     string    // JUMBF URI of the signature box, for the findings
	Now     time.Time // the clock; zero is the year 1, in which no certificate is valid
	Trust   *Trust    // nil trusts nobody
	Stamps  [][]byte  // time-stamp tokens for this manifest, of c2pa.time-stamp assertions
	Status  []*OCSP   // responses about certificates, of c2pa.certificate-status assertions
	Cut     bool      // there are more of these than Status has
	// Ask gets the answer of an OCSP responder (application/ocsp-request) where none at hand settles the matter; nil:
	// nobody is asked. It is called with addresses of certificates under an anchor alone.
	Ask   func(address string, request []byte) ([]byte, error)
	Nonce []byte // of requests: what nobody can have known before; nil: none is sent
}

// Result is what the signature is worth.
type Result struct {
	Findings []report.Finding // with C2PA's codes, in the order of the specification's steps
	Notes    []report.Finding // with codes of our own (trust.*), which no C2PA result may carry

	Algorithm string              // as COSE names it: ES256, PS384, EdDSA, …; empty: none that can be read
	Subject   string              // of the signer's certificate: "CN, O"; from the file, unverified unless Trusted
	Issuer    string              // of the signer's certificate, as Subject
	Chain     []*x509.Certificate // the signer first, then its CAs, then the anchor; as far as crypto/x509 reads them
	Validated bool                // the signature verifies over the payload by the signer's key
	Trusted   bool                // the signer is anchored on, or allowed by, List
	// InsideValidity says that the signer's certificate and its CAs are all valid at At.
	InsideValidity bool
	At             time.Time  // what validity was held against: a trusted time-stamp, else Input.Now
	List           *List      // the claim list that matched; nil: none
	Allowed        bool       // List has the certificate itself, and not an anchor above it
	Stamp          *Stamp     // the time-stamp that counted, else the last that was looked at; nil: there is none
	Claimed        *time.Time // iat: what the signer says of the time, which proves nothing; nil: nothing said
	Revocation     Revocation
	Unsupported    []string // what could not be judged for want of support; it never made anything trusted
}

// Stamp is an RFC 3161 time-stamp.
type Stamp struct {
	Time      time.Time // genTime; zero where it cannot be read
	Source    string    // sigTst, sigTst2, c2pa.time-stamp
	Authority string    // common name of the authority's certificate, unverified unless Trusted
	Trusted   bool      // sound, for this signature, and anchored on List
	List      *List     // the time-stamp list that matched; nil: none
	// Certificate is the authority's, unverified unless Trusted; nil where the token does not hold it.
	Certificate *x509.Certificate
}
