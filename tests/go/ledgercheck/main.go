// Ledgercheck checks a ResearchFlow ledger with the Go project's own transparency-log code.
//
// It shares no line with the service: the tree is golang.org/x/mod/sumdb/tlog's, the signatures
// are golang.org/x/mod/sumdb/note's.
//
//	ledgercheck <dir-or-base-url> < proofs.jsonl
//
// The base has the files key, checkpoint and tile/<L>/<N>[.p/<W>] (c2sp.org/tlog-tiles). Standard
// input has one JSON object a line, or nothing:
//
//	{"index": 5, "entry": "<base64>", "proof": ["<base64>", …], "checkpoint": "<signed note>"}
//
// The summary is one line of JSON; the exit code is 1 if anything does not hold.
//
// It builds offline with Debian's packages golang-go and golang-golang-x-mod-dev:
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -o ledgercheck ./tests/go/ledgercheck
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A summary is what the program prints.
type summary struct {
	OK          bool     `json:"ok"`
	Origin      string   `json:"origin"`
	Size        int64    `json:"size"`
	Root        string   `json:"root"`
	Inclusion   int      `json:"inclusion_proofs"`
	Consistency int      `json:"consistency_proofs"`
	Tiles       int      `json:"tiles_read"`
	Errors      []string `json:"errors"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: ledgercheck <dir-or-base-url> < proofs.jsonl")
		os.Exit(2)
	}
	result := summary{Errors: []string{}}
	if err := check(os.Args[1], os.Stdin, &result); err != nil {
		result.Errors = append(result.Errors, err.Error())
	}
	result.OK = len(result.Errors) == 0
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil || !result.OK {
		os.Exit(1)
	}
}

// check checks everything. An error it returns ended the check; lesser ones are in the result.
func check(base string, proofs io.Reader, result *summary) error {
	log := &source{base: base, result: result}
	verifiers, err := readKeys(log)
	if err != nil {
		return fmt.Errorf("key: %w", err)
	}
	signed, err := log.read("checkpoint")
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	head, err := openCheckpoint(signed, verifiers)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	result.Origin, result.Size, result.Root = head.origin, head.tree.N, head.tree.Hash.String()

	hashes := tlog.TileHashReader(head.tree, log)
	if err := checkRoot(head.tree, hashes); err != nil {
		return fmt.Errorf("tiles: %w", err)
	}
	trees, err := checkInclusions(proofs, head, verifiers, hashes, result)
	checkConsistency(append(trees, head.tree), hashes, result)
	return err
}

// checkRoot recomputes a tree's root from the tiles.
func checkRoot(tree tlog.Tree, hashes tlog.HashReader) error {
	// RFC 6962's root of the empty tree. To tlog that is all zeros, which no log signs.
	root := tlog.Hash(sha256.Sum256(nil))
	if tree.N > 0 {
		var err error
		if root, err = tlog.TreeHash(tree.N, hashes); err != nil {
			return err
		}
	}
	if root != tree.Hash {
		return fmt.Errorf("their root is %s, the checkpoint's %s", root, tree.Hash)
	}
	return nil
}

// A checkpoint is an opened c2sp.org/tlog-checkpoint.
type checkpoint struct {
	origin string
	tree   tlog.Tree
}

func openCheckpoint(signed []byte, verifiers note.Verifiers) (checkpoint, error) {
	opened, err := note.Open(signed, verifiers)
	if err != nil {
		return checkpoint{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] == "" {
		return checkpoint{}, fmt.Errorf("malformed text %q", opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return checkpoint{}, fmt.Errorf("malformed size %q", lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return checkpoint{}, err
	}
	return checkpoint{lines[0], tlog.Tree{N: size, Hash: root}}, nil
}

// readKeys reads the file key: a verifier key a line.
func readKeys(log *source) (note.Verifiers, error) {
	text, err := log.read("key")
	if err != nil {
		return nil, err
	}
	var verifiers []note.Verifier
	for _, line := range strings.Fields(string(text)) {
		verifier, err := note.NewVerifier(line)
		if err != nil {
			return nil, err
		}
		verifiers = append(verifiers, verifier)
	}
	return note.VerifierList(verifiers...), nil
}

// A proof is one line of the input.
type proof struct {
	Index      int64    `json:"index"`
	Entry      []byte   `json:"entry"`
	Proof      [][]byte `json:"proof"`
	Checkpoint string   `json:"checkpoint"`
}

// checkInclusions checks each proof against its own checkpoint, and its leaf against the head.
// It returns the trees of the checkpoints.
func checkInclusions(input io.Reader, head checkpoint, verifiers note.Verifiers,
	hashes tlog.HashReader, result *summary) ([]tlog.Tree, error) {
	var trees []tlog.Tree
	lines := bufio.NewScanner(input)
	lines.Buffer(nil, 1<<22)
	for number := 1; lines.Scan(); number++ {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		tree, err := checkInclusion(lines.Bytes(), head, verifiers, hashes)
		if err != nil {
			result.Errors = append(result.Errors, fmt.Sprintf("line %d: %v", number, err))
			continue
		}
		result.Inclusion++
		trees = append(trees, tree)
	}
	return trees, lines.Err()
}

func checkInclusion(line []byte, head checkpoint, verifiers note.Verifiers,
	hashes tlog.HashReader) (tlog.Tree, error) {
	var given proof
	if err := json.Unmarshal(line, &given); err != nil {
		return tlog.Tree{}, err
	}
	opened, err := openCheckpoint([]byte(given.Checkpoint), verifiers)
	if err != nil {
		return tlog.Tree{}, err
	}
	if opened.origin != head.origin {
		return tlog.Tree{}, fmt.Errorf("a checkpoint of %q", opened.origin)
	}
	if opened.tree.N > head.tree.N {
		return tlog.Tree{}, fmt.Errorf("a checkpoint of %d entries, the log has %d", opened.tree.N, head.tree.N)
	}
	path := tlog.RecordProof{}
	for _, bytes := range given.Proof {
		hash, err := tlog.ParseHash(base64.StdEncoding.EncodeToString(bytes))
		if err != nil {
			return tlog.Tree{}, err
		}
		path = append(path, hash)
	}
	leaf := tlog.RecordHash(given.Entry)
	if err := tlog.CheckRecord(path, opened.tree.N, opened.tree.Hash, given.Index, leaf); err != nil {
		return tlog.Tree{}, err
	}
	return opened.tree, checkLeaf(given.Index, leaf, head.tree, hashes)
}

// checkLeaf checks that the tiles have the leaf, and prove it under the head.
//
// The reader should have authenticated all that it returns. But it takes the number of subtrees in
// the right edge for the number of tiles they lie in (x/mod 0.7), and so lets some tiles pass
// unchecked. A proof made from what it returns leaves nothing to trust.
func checkLeaf(index int64, leaf tlog.Hash, head tlog.Tree, hashes tlog.HashReader) error {
	stored, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
	if err != nil {
		return err
	}
	if stored[0] != leaf {
		return fmt.Errorf("the tiles have another leaf at %d", index)
	}
	path, err := tlog.ProveRecord(head.N, index, hashes)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(path, head.N, head.Hash, index, leaf); err != nil {
		return fmt.Errorf("the tiles do not prove leaf %d: %w", index, err)
	}
	return nil
}

// checkConsistency proves each tree to be a prefix of the next larger one.
func checkConsistency(trees []tlog.Tree, hashes tlog.HashReader, result *summary) {
	sort.SliceStable(trees, func(i, j int) bool { return trees[i].N < trees[j].N })
	for i := 1; i < len(trees); i++ {
		older, newer := trees[i-1], trees[i]
		if older == newer || older.N == 0 {
			continue
		}
		proof, err := tlog.ProveTree(newer.N, older.N, hashes)
		if err == nil {
			err = tlog.CheckTree(proof, newer.N, newer.Hash, older.N, older.Hash)
		}
		if err != nil {
			message := fmt.Sprintf("trees of %d and %d: %v", older.N, newer.N, err)
			result.Errors = append(result.Errors, message)
			continue
		}
		result.Consistency++
	}
}

// A source reads a log's files. It is the tlog.TileReader of tiles eight levels high.
type source struct {
	base   string
	result *summary
}

var client = http.Client{Timeout: 30 * time.Second}

func (s *source) read(path string) ([]byte, error) {
	if !strings.Contains(s.base, "://") {
		return os.ReadFile(filepath.Join(s.base, path))
	}
	response, err := client.Get(strings.TrimSuffix(s.base, "/") + "/" + path)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, response.Status)
	}
	return io.ReadAll(response.Body)
}

func (s *source) Height() int { return 8 }

// ReadTiles maps tlog's tile/8/<L>/<N> to C2SP's tile/<L>/<N>, which holds the same bytes.
func (s *source) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, 0, len(tiles))
	for _, tile := range tiles {
		bytes, err := s.read("tile/" + strings.TrimPrefix(tile.Path(), "tile/8/"))
		if err != nil {
			return nil, err
		}
		s.result.Tiles++
		data = append(data, bytes)
	}
	return data, nil
}

func (s *source) SaveTiles([]tlog.Tile, [][]byte) {}
