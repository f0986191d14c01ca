module tare/tests/bench/go

go 1.19
