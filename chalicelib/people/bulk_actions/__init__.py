"""What is done with very many people at once: counted first, then, once somebody says so, done person by person."""
