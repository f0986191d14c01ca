module tare/tests/bench/real

go 1.19
