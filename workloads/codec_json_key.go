package workloads

import "encoding/binary"

// jsonKey is a key with the punctuation around it: `,"name":`. Keys of up to 16 bytes are compared
// as two words that may overlap, without a call.
type jsonKey struct {
	text       string
	head, tail uint64 // its first and its last 8 bytes; of a shorter key the same
	mask       uint64 // the bytes of a word that are the key's
	tailAt     int
}

var (
	jsonSeqKey = jsonKeyOf(`{"seq":`)
	jsonTSKey  = jsonKeyOf(`,"ts":`)
)

func newJSONKey(name string) jsonKey {
	return jsonKeyOf("," + string(appendQuoted(nil, name)) + ":")
}

func jsonKeyOf(text string) jsonKey {
	var first [8]byte
	n := copy(first[:], text)
	k := jsonKey{text: text, head: binary.LittleEndian.Uint64(first[:]), mask: 1<<64 - 1}
	k.tail = k.head
	if n < 8 {
		k.mask >>= 64 - 8*n
		return k
	}
	k.tailAt = len(text) - 8
	k.tail = binary.LittleEndian.Uint64([]byte(text[k.tailAt:]))
	return k
}

// skip returns the offset behind the key, -1 where it does not stand.
func (k *jsonKey) skip(src []byte, at int) int {
	n := len(k.text)
	if n > 16 || at+k.tailAt+8 > len(src) {
		if len(src)-at < n || string(src[at:at+n]) != k.text {
			return -1
		}
		return at + n
	}
	head := binary.LittleEndian.Uint64(src[at:]) & k.mask
	tail := binary.LittleEndian.Uint64(src[at+k.tailAt:]) & k.mask
	if head != k.head || tail != k.tail {
		return -1
	}
	return at + n
}

// int reads the integer behind the key and returns the offset behind it, -1 if there is none.
func (k *jsonKey) int(src []byte, at int) (int64, int) {
	if at = k.skip(src, at); at < 0 {
		return 0, -1
	}
	return jsonInt(src, at)
}
