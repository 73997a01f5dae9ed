package forge

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
)

// Node is a JUMBF box that can be edited before it is written. ISO/IEC 19566-5.
type Node struct {
	Type    string // "jumb" for a superbox, else the type of a content box
	UUID    [16]byte
	Label   string
	Toggles byte   // of the description box; zero means requestable and labelled (3)
	Private []byte // private box of the description box, such as a salt
	Kids    []*Node
	Data    []byte // of a content box
	Raw     []byte // where set, the whole box as it is to be written
}

// kind builds one of C2PA's type UUIDs from its first four bytes. C2PA 2.5, 11.1.
func kind(prefix string) [16]byte {
	var u [16]byte
	copy(u[:], prefix)
	copy(u[4:], unhex("00110010800000AA00389B71"))
	return u
}

func unhex(s string) []byte { return must(hex.DecodeString(s)) }

// Super makes a superbox.
func Super(uuid [16]byte, label string, kids ...*Node) *Node {
	return &Node{Type: "jumb", UUID: uuid, Label: label, Kids: kids}
}

// Leaf makes a content box.
func Leaf(typ string, data []byte) *Node { return &Node{Type: typ, Data: data} }

// Content is what a box holds without its own header: what C2PA hashes of a superbox. C2PA 2.5, 9.4.2.3.
func (n *Node) Content() []byte {
	if n.Raw != nil {
		return n.Raw[8:]
	}
	if n.Type != "jumb" {
		return n.Data
	}
	t := n.Toggles
	if t == 0 {
		t = 3
	}
	d := append([]byte{}, n.UUID[:]...)
	d = append(d, t)
	if t&2 != 0 {
		d = append(append(d, n.Label...), 0)
	}
	out := plain("jumd", append(d, n.Private...))
	for _, k := range n.Kids {
		out = append(out, k.Bytes()...)
	}
	return out
}

// Bytes is the whole box.
func (n *Node) Bytes() []byte {
	if n.Raw != nil {
		return n.Raw
	}
	return plain(n.Type, n.Content())
}

// Find returns the first child with the label, or nil.
func (n *Node) Find(label string) *Node {
	for _, k := range n.Kids {
		if k.Type == "jumb" && k.Label == label {
			return k
		}
	}
	return nil
}

// Drop takes the first child with the label out.
func (n *Node) Drop(label string) {
	for i, k := range n.Kids {
		if k.Type == "jumb" && k.Label == label {
			n.Kids = append(n.Kids[:i:i], n.Kids[i+1:]...)
			return
		}
	}
}

// plain is a box with a 32-bit size, as JUMBF and BMFF share it.
func plain(typ string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(data)))
	return append(append(b, typ...), data...)
}

// salt is the private box of a description box with random bytes. C2PA 2.5, 9.4.2.
func salt(label string) []byte { return plain("c2sh", random("salt "+label, 16)) }

// cborBox, jsonBox and fileBoxes are the content types of assertions. C2PA 2.5, 16.1.
func cborBox(label string, data []byte) *Node {
	return Super(kind("cbor"), label, Leaf("cbor", data))
}

func jsonBox(label string, v any) *Node {
	b, ok := v.([]byte)
	if !ok {
		b = must(json.Marshal(v))
	}
	return Super(kind("json"), label, Leaf("json", b))
}

func fileBox(label, mediaType string, data []byte) *Node {
	u := [16]byte(unhex("40CB0C32BB8A489DA70B2AD6F47F4369"))
	return Super(u, label, Leaf("bfdb", append(append([]byte{0}, mediaType...), 0)), Leaf("bidb", data))
}
